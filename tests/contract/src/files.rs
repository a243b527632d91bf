use crate::permit;
use mailsec_core::{
    Code,
    host::{FileKind, Host},
    values::{Digest, ServerPath},
};

/// Files: trees are sorted and whole, a write replaces everything, removing twice is fine. Works below `scratch`,
/// which must not exist and does not exist afterwards.
pub async fn files(host: &dyn Host, scratch: &ServerPath) {
    let files = host.files();
    assert!(files.stat(scratch).await.unwrap().is_none(), "the scratch folder does not exist yet");
    assert_eq!(files.tree(scratch).await.unwrap_err().code, Code::FileMissing, "a missing root is an error");
    files.remove(&permit(), scratch).await.expect("removing what is not there is fine");

    let contents: [(&str, &[u8]); 5] = [
        ("b.txt", b"b"),
        ("B2.txt", b""),
        (r"deep\er\c.bin", &[0, 255, 13, 10, 26]),
        (r"deep\a.xml", b"<a/>"),
        ("Umlaut \u{fc} & so.txt", "\u{fc}".as_bytes()),
    ];
    for (name, content) in contents {
        files.write(&permit(), &scratch.join(name), content).await.unwrap();
        assert_eq!(files.read(&scratch.join(name), 64).await.unwrap(), content);
    }
    let tree = files.tree(scratch).await.unwrap();
    let mut names: Vec<&str> = contents.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(
        tree.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
        names,
        "sorted, and files only"
    );
    for entry in &tree {
        let (_, content) = contents.iter().find(|(name, _)| *name == entry.path).unwrap();
        assert_eq!(entry.digest, Digest::of(content));
        assert_eq!(usize::try_from(entry.size).unwrap(), content.len());
        assert_eq!(files.digest(&scratch.join(&entry.path)).await.unwrap(), entry.digest);
    }
    let folder = files.stat(&scratch.join("deep")).await.unwrap().unwrap();
    assert_eq!((folder.kind, folder.size), (FileKind::Folder, 0));

    let file = scratch.join("b.txt");
    let shouted = ServerPath::new(file.as_str().to_uppercase());
    files.write(&permit(), &shouted, b"longer than before").await.expect("names are compared without case");
    files.write(&permit(), &file, b"now").await.unwrap();
    assert_eq!(files.read(&file, 3).await.unwrap(), b"now", "a write replaces the whole content");
    assert!(files.read(&file, 2).await.is_err(), "larger than the limit is an error");
    let stat = files.stat(&file).await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.size), (FileKind::File, 3));

    let copy = scratch.join(r"copies\of\b.txt");
    files.copy(&permit(), &file, &copy).await.expect("copying makes the folders");
    files.copy(&permit(), &file, &copy).await.expect("copying again replaces");
    assert_eq!(files.read(&copy, 3).await.unwrap(), b"now");
    let missing = scratch.join("missing.txt");
    assert_eq!(files.copy(&permit(), &missing, &copy).await.unwrap_err().code, Code::FileMissing);
    assert_eq!(files.digest(&missing).await.unwrap_err().code, Code::FileMissing);
    assert_eq!(files.read(&missing, 1).await.unwrap_err().code, Code::FileMissing);
    assert_eq!(files.read(&copy, 3).await.unwrap(), b"now", "a failed copy has changed nothing");
    assert_eq!(files.tree(scratch).await.unwrap().len(), contents.len() + 1, "nothing else is left behind");

    let later = scratch.join(r"not\yet\there.bin");
    assert!(files.free_space(&later).await.unwrap() > 0, "asked for a path that does not exist yet");

    files.remove(&permit(), &file).await.unwrap();
    assert!(files.stat(&file).await.unwrap().is_none());
    files.remove(&permit(), scratch).await.unwrap();
    assert!(files.stat(scratch).await.unwrap().is_none(), "a folder goes with all below it");
    assert!(files.stat(&scratch.join(r"deep\a.xml")).await.unwrap().is_none());
}
