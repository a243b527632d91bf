//! The port to files.

use super::{SimHost, effect};
use crate::{
    fate::Fate,
    world::{
        World,
        content::Content,
        disk::{PARTIAL, in_use},
    },
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, FileStat, Files, TreeEntry},
    values::{Digest, ServerPath},
};
use std::time::Duration;

/// Writing and forcing a file to the device.
const WRITE: Duration = Duration::from_millis(20);

fn write_whole(world: &mut World, fate: &mut Fate, path: &ServerPath, content: Content) -> Answer<()> {
    if fate.choose("write file: disk", 2) == 1 {
        let text = format!("there is no room for {path}");
        return Err(Failure::new(Code::DiskFull, text)
            .cause("there is not enough space on the disk (112)")
            .ask());
    }
    if let Some(holder) = world.holder(path) {
        return Err(in_use(path, &holder));
    }
    let partial = ServerPath::new(format!("{path}{PARTIAL}"));
    world.disk.write(&partial, content.clone(), world.now)?;
    world.advance(fate, WRITE)?;
    fate.point(world, "write file: half-way")?;
    world.disk.remove(&partial)?;
    world.disk.write(path, content, world.now)
}

#[async_trait]
impl Files for SimHost {
    async fn stat(&self, path: &ServerPath) -> Answer<Option<FileStat>> {
        self.read(|world| Ok(world.disk.stat(path, world.born))).await
    }

    async fn tree(&self, root: &ServerPath) -> Answer<Vec<TreeEntry>> {
        self.read(|world| world.disk.tree(root)).await
    }

    async fn digest(&self, path: &ServerPath) -> Answer<Digest> {
        self.read(|world| Ok(world.disk.read(path)?.digest())).await
    }

    async fn read(&self, path: &ServerPath, limit: u64) -> Answer<Vec<u8>> {
        SimHost::read(self, |world| {
            let content = world.disk.read(path)?;
            if content.size() > limit {
                return Err(Failure::new(Code::FileUnreadable, format!("{path} is too large"))
                    .expected(format!("at most {limit} bytes"))
                    .found(format!("{} bytes", content.size())));
            }
            Ok(content.bytes().to_vec())
        })
        .await
    }

    async fn free_space(&self, path: &ServerPath) -> Answer<u64> {
        SimHost::read(self, |world| world.disk.free(path)).await
    }

    async fn copy(&self, _permit: &Permit, from: &ServerPath, to: &ServerPath) -> Answer<()> {
        effect!(self, "copy file", |world, fate| {
            let content = world.disk.read(from)?.clone();
            write_whole(world, fate, to, content)
        })
    }

    async fn write(&self, _permit: &Permit, path: &ServerPath, content: &[u8]) -> Answer<()> {
        effect!(self, "write file", |world, fate| write_whole(world, fate, path, content.into()))
    }

    async fn remove(&self, _permit: &Permit, path: &ServerPath) -> Answer<()> {
        effect!(self, "remove file", |world, _fate| {
            let below = world.disk.below(path).map(|file| file.path.clone());
            let held = below.chain([path.clone()]).find_map(|file| Some((world.holder(&file)?, file)));
            match held {
                Some((holder, file)) => Err(in_use(&file, &holder)),
                None => world.disk.remove(path),
            }
        })
    }
}
