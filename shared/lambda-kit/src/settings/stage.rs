//! The stages a deployment can be in, by the names the template gives them.

use std::str::FromStr;

/// Which deployment this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A laptop or a developer's account.
    Dev,
    /// The rehearsal.
    Staging,
    /// The real one.
    Prod,
}

impl Stage {
    /// The name of the stage, as in the template.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }
}

impl FromStr for Stage {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "dev" => Ok(Self::Dev),
            "staging" => Ok(Self::Staging),
            "prod" => Ok(Self::Prod),
            _ => Err("is not dev, staging or prod"),
        }
    }
}
