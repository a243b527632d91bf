//! `cluster`: the nodes of a cluster, one after the other.

use super::{VERSION, drive, journal, plan as plans, report, request, site, status, wanted};
use crate::{
    args::{ClusterCommand, ClusterPlanArgs, ClusterRunArgs, Common, WhichArgs},
    cluster::{FolderNodes, Places, keep_plan, orders_of, standings},
    logging,
    output::{self, Reply},
    people,
    place::{self, Site, Sources, State},
    requests::answer_by,
    serve, show,
};
use mailsec_core::{
    Failure,
    engine::begin,
    failure::Code,
    journal::Stamp,
    plan::{ClusterNode, cluster_plan},
    product::Proposal,
    upgrade::{Request, Standing},
    values::{NodeName, UpgradeId},
};
use serde_json::json;

pub(crate) async fn cluster(common: &Common, command: ClusterCommand) -> Result<Reply, Failure> {
    let inner = common.of_cluster()?;
    match command {
        ClusterCommand::Plan(args) => plan(common, &inner, &args),
        ClusterCommand::Run(args) => run(&inner, &args).await,
        ClusterCommand::Status(which) => nodes_status(&inner, &which),
        ClusterCommand::Answer(args) => answer_by(&inner, &args, &people::actor()).await,
        ClusterCommand::Resume(which) => drive::resume(&inner, &which).await,
        ClusterCommand::Pause(of) => request::request(&inner, &of, Request::Pause).await,
        ClusterCommand::Abandon(of) => request::request(&inner, &of, Request::Abandon).await,
        ClusterCommand::Report(args) => report::report(&inner, &args),
        ClusterCommand::Journal(command) => journal::journal(&inner, command).await,
        ClusterCommand::Serve(args) => serve::serve(&inner, &args, serve::Whose::Cluster).await,
    }
}

impl Common {
    /// The cluster's run has a journal of its own, beside that of this server's upgrades: a node may run both at once.
    pub(super) fn of_cluster(&self) -> Result<Self, Failure> {
        Ok(Self { state: Some(State::only(self)?.folder().join("cluster")), ..self.clone() })
    }
}

fn plan(common: &Common, inner: &Common, args: &ClusterPlanArgs) -> Result<Reply, Failure> {
    output::spares(&args.out, &args.plans)?;
    let mut nodes = Vec::new();
    for file in &args.plans {
        let plan = plans::read(file)?;
        let node = NodeName::parse(&plan.server)?;
        nodes.push(ClusterNode { node, plan, upgrade: UpgradeId::new(uuid::Uuid::now_v7()) });
    }
    let (site, _) = site(common)?;
    let host = site.host();
    let made = cluster_plan(&nodes, args.maintenance_gates, &host.name(), host.clock().now(), VERSION)?;
    plans::checked(&made)?;
    let state = State::only(inner)?;
    for node in &nodes {
        keep_plan(&state, &node.plan)?;
    }
    output::save(&args.out, "cluster's plan", &made.sealed())?;
    let places: String = nodes.iter().map(|node| format!(" --node {}=FOLDER", node.node)).collect();
    let proposal = Proposal { plan: made, findings: Vec::new() };
    let text = format!(
        "{}\nWritten to {out}; the nodes' plans are kept in {}.\nmailsec cluster run --plan {out}{places}\n",
        show::plan(&proposal, false),
        state.folder().join("plans").display(),
        out = args.out.display()
    );
    Ok(Reply::new(text, json!({ "hash": proposal.plan.hash(), "plan": proposal.plan })))
}

async fn run(common: &Common, args: &ClusterRunArgs) -> Result<Reply, Failure> {
    let secrets = Sources::for_server(common)?;
    let site = Site::open(common, &secrets)?;
    site.as_configured()?;
    site.exports_as_wanted()?;
    let plan = plans::read(&args.plan)?;
    place::private_folder(site.state.folder())?;
    let mut journal = site.journal().await?;
    if !plan.drives_nodes() {
        return Err(Failure::new(Code::BadArgument, "this is a plan of one server")
            .hint("`mailsec cluster plan` makes a cluster's plan of several; nothing was begun"));
    }
    // The nodes' own secrets are their services' to have.
    secrets.none_unwanted(common, &wanted::ever(&plan))?;
    idle(&site.state)?;
    let places = Places::read(&site.state, &args.nodes)?.of_plan(&plan, &args.nodes)?;
    let hash = plan.hash();
    let proposal = Proposal { plan, findings: Vec::new() };
    output::say(&show::plan(&proposal, false));
    if !args.yes && (common.no_input || !people::confirm("Nothing has been changed yet.")) {
        return Err(Failure::new(Code::RequestRefused, "not begun: nobody said yes")
            .expected("yes at the keyboard, or --yes")
            .hint("nothing was changed"));
    }
    // The upgrade's id is the cluster's own; those of the nodes stand in the plan.
    let upgrade = UpgradeId::new(uuid::Uuid::now_v7());
    let host = site.host();
    let stamp = Stamp { at: host.clock().now(), boot: host.power().boot().await?, engine: VERSION.into() };
    places.keep(&site.state)?;
    logging::begin(&site.state);
    begin(journal.as_mut(), upgrade, &proposal.plan, hash, &stamp)?;
    output::say(&format!("upgrade {upgrade}"));
    drive::drive(common, &site, journal.as_mut(), upgrade).await
}

/// A run that is not finished keeps the places of its nodes.
fn idle(state: &State) -> Result<(), Failure> {
    match state.choose(None) {
        Ok((upgrade, _, loaded)) if !matches!(loaded.state.standing, Standing::Finished(_)) => {
            Err(Failure::new(Code::UpgradeInProgress, format!("the cluster's run {upgrade} is not finished"))
                .hint("`mailsec cluster status` shows it; resume it, or abandon it. Nothing was changed"))
        }
        // What is wrong with the journal is said when it is opened.
        _ => Ok(()),
    }
}

/// As any upgrade's, and how each node stands by its own journal.
fn nodes_status(common: &Common, which: &WhichArgs) -> Result<Reply, Failure> {
    let mut reply = status::at_once(common, which)?;
    let state = State::only(common)?;
    let (_, _, loaded) = state.choose(which.upgrade.as_deref())?;
    let orders = loaded.state.plan.as_ref().map(|plan| orders_of(plan)).unwrap_or_default();
    let nodes = FolderNodes::open(&state, None)?;
    let standings = standings(&nodes, &orders);
    reply.text.push_str(&show::nodes(&standings));
    reply.json["nodes"] = standings
        .iter()
        .map(|(node, found)| match found {
            Ok(progress) => json!({ "node": node, "progress": progress }),
            Err(failure) => json!({ "node": node, "error": failure }),
        })
        .collect();
    Ok(reply)
}
