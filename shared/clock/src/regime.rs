//! The regimes whose clocks are known, by the names requests carry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A law, or a part of one, with a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// A data subject's request under the GDPR (Art. 12(3)).
    Gdpr,
    /// A data subject's request under the UK GDPR (Art. 12A).
    UkGdpr,
    /// A request to know, delete or correct under the CCPA (11 CCR 7021).
    Ccpa,
    /// An opt-out of sale or sharing, or a limit of use, under the CCPA (11 CCR 7026 and 7027).
    CcpaOptOut,
    /// An individual's request for access under HIPAA (45 CFR 164.524).
    Hipaa,
    /// A confirmation or access request under the LGPD (Art. 19).
    Lgpd,
    /// The notice of a personal data breach to the authority (GDPR Art. 33).
    Breach,
}

impl Regime {
    /// Every regime, in the order of the table in the documentation.
    pub const ALL: [Self; 7] =
        [Self::Gdpr, Self::UkGdpr, Self::Ccpa, Self::CcpaOptOut, Self::Hipaa, Self::Lgpd, Self::Breach];

    /// The name in requests, settings and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gdpr => "gdpr",
            Self::UkGdpr => "uk_gdpr",
            Self::Ccpa => "ccpa",
            Self::CcpaOptOut => "ccpa_opt_out",
            Self::Hipaa => "hipaa",
            Self::Lgpd => "lgpd",
            Self::Breach => "breach",
        }
    }

    /// The calendar to take where a tenant has chosen none.
    ///
    /// For the GDPR that is weekends alone, as the member state is unknown: earlier than the law at worst, never later.
    #[must_use]
    pub const fn usual_calendar(self) -> &'static str {
        match self {
            Self::Gdpr | Self::Breach => "weekends",
            Self::UkGdpr => "uk/england",
            Self::Ccpa | Self::CcpaOptOut | Self::Hipaa => "us/federal",
            Self::Lgpd => "br/national",
        }
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no known regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown regime, expected one of gdpr, uk_gdpr, ccpa, ccpa_opt_out, hipaa, lgpd, breach")]
pub struct UnknownRegime;

impl FromStr for Regime {
    type Err = UnknownRegime;

    fn from_str(text: &str) -> Result<Self, UnknownRegime> {
        Self::ALL.into_iter().find(|regime| regime.name() == text).ok_or(UnknownRegime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_regime_is_read_back_from_its_name_and_from_json() {
        for regime in Regime::ALL {
            assert_eq!(regime.to_string().parse(), Ok(regime));
            let json = serde_json::to_string(&regime).unwrap();
            assert_eq!(json, format!("\"{regime}\""));
            assert_eq!(serde_json::from_str::<Regime>(&json).unwrap(), regime);
        }
        assert_eq!("GDPR".parse::<Regime>(), Err(UnknownRegime));
    }
}
