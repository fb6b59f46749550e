//! Where things lie: the checkout and its `.habeas` directory. No file is read here.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The checkout the program works on.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// Finds the checkout: the nearest directory upwards that holds `infra/template.yaml`.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current directory")?;
        here.ancestors()
            .find(|directory| directory.join("infra/template.yaml").is_file())
            .map(|root| Self { root: root.to_path_buf() })
            .context("no infra/template.yaml here or above: run this inside a Habeas checkout")
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The template that is deployed.
    pub(crate) fn template(&self) -> PathBuf {
        self.root.join("infra/template.yaml")
    }

    /// A path in the private directory `.habeas`.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.root.join(".habeas").join(name)
    }

    /// The sample company's directory.
    pub(crate) fn sample(&self) -> PathBuf {
        self.root.join("infra/sample")
    }

    /// Where the packaged functions are.
    pub(crate) fn packages(&self) -> PathBuf {
        self.root.join("target/lambda")
    }
}
