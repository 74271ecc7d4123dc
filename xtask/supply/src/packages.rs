//! The packages that a product is linked with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package};
use xshell::{Shell, cmd};

use crate::Product;

/// Packages with the edges between them.
pub struct Linked {
    /// Their lock file.
    pub lock: PathBuf,
    /// The name of the main one.
    pub chief: &'static str,
    /// Our own and third-party packages, sorted by name and version.
    pub packages: Vec<Package>,
    metadata: Metadata,
}

impl Linked {
    /// Everything that a product of the repository in `root` is linked with, including its own
    /// packages, but not what only its build needs.
    ///
    /// `cargo tree` gives the list, since it resolves features for these packages alone;
    /// `cargo metadata` has all the details, but takes the features of the whole workspace.
    pub fn find(root: &Path, product: &Product) -> Result<Self> {
        let workspace = root.join(product.workspace);
        let chief = product.packages.first().copied();
        let chief = chief.context("a product without packages")?;
        let sh = Shell::new()?;
        sh.change_dir(&workspace);
        let format = "{p}";
        let mut arguments: Vec<&str> = Vec::new();
        for package in product.packages {
            arguments.extend(["--package", package]);
        }
        for feature in product.features {
            arguments.extend(["--features", feature]);
        }
        if let Some(triple) = product.triple {
            arguments.extend(["--target", triple]);
        }
        let tree = cmd!(
            sh,
            "cargo tree --locked {arguments...} --edges normal,no-proc-macro --prefix none
             --format {format}"
        )
        .quiet()
        .read()?;
        let mut wanted = BTreeSet::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            let name = words.next().context("odd output of cargo tree")?;
            let version = words.next().and_then(|it| it.strip_prefix('v'));
            let version = version.with_context(|| format!("no version in {line:?}"))?;
            wanted.insert((name.to_owned(), version.to_owned()));
        }
        let features = product.features.iter().map(|it| (*it).to_owned());
        let metadata = MetadataCommand::new()
            .current_dir(&workspace)
            .features(CargoOpt::SomeFeatures(features.collect()))
            .other_options(["--locked".to_owned()])
            .exec()?;
        let mut packages: Vec<Package> = metadata
            .packages
            .iter()
            .filter(|it| wanted.contains(&(it.name.to_string(), it.version.to_string())))
            .cloned()
            .collect();
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        ensure!(
            packages.len() == wanted.len(),
            "cargo tree lists {} packages, cargo metadata knows {} of them",
            wanted.len(),
            packages.len()
        );
        Ok(Self {
            lock: workspace.join("Cargo.lock"),
            chief,
            packages,
            metadata,
        })
    }

    /// The packages that are not of this workspace.
    pub fn third_party(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|it| it.source.is_some())
    }

    /// The direct dependencies of `of` among these packages.
    pub fn dependencies(&self, of: &Package) -> Vec<&Package> {
        let nodes = self.metadata.resolve.iter().flat_map(|it| &it.nodes);
        let edges = nodes
            .filter(|node| node.id == of.id)
            .flat_map(|node| &node.deps)
            .filter(|edge| {
                let mut kinds = edge.dep_kinds.iter();
                kinds.any(|it| it.kind == DependencyKind::Normal)
            });
        let wanted: BTreeSet<_> = edges.map(|edge| &edge.pkg).collect();
        let here = self.packages.iter();
        here.filter(|it| wanted.contains(&it.id)).collect()
    }
}
