//! What of the settings this function reads closer: the rules over events.

use lambda_kit::{Settings, StartError};
use workflow::seal_audit::Rules;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is an anomaly.
    pub rules: Rules,
}

impl Config {
    /// Picks and reads this function's settings.
    ///
    /// # Errors
    /// Names the rule that is described wrongly.
    pub fn of(settings: &Settings) -> Result<Self, StartError> {
        Self::read(&settings.audit_rules)
    }

    fn read(rules: &str) -> Result<Self, StartError> {
        if rules.trim().is_empty() {
            return Ok(Self { rules: Rules::standard() });
        }
        let because = |error| StartError::because(format!("HABEAS_AUDIT_RULES: {error}"));
        Ok(Self { rules: Rules::from_json(rules).map_err(because)? })
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn rules_that_make_no_sense_start_nothing() {
        assert!(Config::read("").unwrap().rules.iter().count() > 5);
        assert_eq!(Config::read("[]").unwrap().rules.iter().count(), 0);
        let rule = r#"[{"id": "often", "title": "often", "by": "actor", "at_least": 0, "within_seconds": 60}]"#;
        let said = Config::read(rule).unwrap_err().to_string();
        assert_eq!(said, "cannot start: HABEAS_AUDIT_RULES: rule often: its threshold is none");
        assert!(Config::read("{").unwrap_err().to_string().contains("HABEAS_AUDIT_RULES: not a list of rules"));
    }
}
