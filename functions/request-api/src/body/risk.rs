//! How much a request risks, and what is kept with it where that is much (R-PII-8).

use domain::datum::Datum;
use domain::retention::RetentionClass;
use domain::risk::{RequestRisk, RiskGap, RiskLevel, RiskReason};
use domain::step::Step;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workflow::risk::{KeptBeside, KeptConsent, KeptRetention, assessed_of};

use super::schema;

/// How much a request risks.
#[derive(Serialize, ToSchema)]
pub struct RiskBody {
    /// 0 to 100; a higher one is worse.
    #[schema(maximum = 100)]
    pub score: u8,
    /// What the score stands for.
    #[schema(schema_with = schema::risk_level)]
    pub level: RiskLevel,
    /// What added to it.
    #[schema(schema_with = schema::risk_reasons)]
    pub because: Vec<RiskReason>,
}

/// A high risk, with what is kept of it as long as the job's key lives.
#[derive(Serialize, ToSchema)]
pub struct RiskRecordsBody {
    /// The risk.
    pub risk: RiskBody,
    /// The person's consent records, as they were when the plan was frozen or the archive packed.
    pub consents: Vec<ConsentRecordBody>,
    /// How long the data that is touched is held, and why.
    pub retention: Vec<HeldForBody>,
    /// What is missing, and why.
    #[schema(schema_with = schema::risk_gaps)]
    pub gaps: Vec<RiskGap>,
}

/// A consent record.
#[derive(Serialize, ToSchema)]
pub struct ConsentRecordBody {
    /// `dataset.collection` of the data map.
    pub collection: String,
    /// The row; numbers that JSON readers would round are texts.
    #[schema(value_type = Object)]
    pub record: Value,
}

/// How long one class of data is held.
#[derive(Serialize, ToSchema)]
pub struct HeldForBody {
    /// The class.
    #[schema(schema_with = schema::retention_class)]
    pub class: RetentionClass,
    /// Whose policy it is; null of what counts where nobody set one.
    pub organization_id: Option<String>,
    /// For so many days; null is for ever.
    pub days: Option<u64>,
    /// Why it is held longer than usual.
    pub justification: Option<String>,
    /// The version of the policy; 0 of what counts where nobody set one.
    pub version: u64,
}

impl RiskBody {
    /// The risk of a job; none before it is known.
    #[must_use]
    pub fn of(steps: &[Step]) -> Option<Self> {
        assessed_of(steps).map(|assessed| Self::of_risk(&assessed.risk))
    }

    fn of_risk(risk: &RequestRisk) -> Self {
        Self { score: risk.score, level: risk.level, because: risk.because.clone() }
    }
}

impl RiskRecordsBody {
    /// As it is shown.
    #[must_use]
    pub fn of(risk: &RequestRisk, kept: KeptBeside) -> Self {
        let consent = |KeptConsent { collection, record }| ConsentRecordBody { collection, record: value_of(&record) };
        let held = |held: KeptRetention| HeldForBody {
            class: held.class,
            organization_id: held.organization_id,
            days: held.days,
            justification: held.justification,
            version: held.version,
        };
        Self {
            risk: RiskBody::of_risk(risk),
            consents: kept.consents.into_iter().map(consent).collect(),
            retention: kept.retention.into_iter().map(held).collect(),
            gaps: kept.gaps.into_iter().collect(),
        }
    }
}

/// A value as JSON, exact.
fn value_of(datum: &Datum) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Bool(yes) => Value::Bool(*yes),
        Datum::Text(text) => Value::String(text.clone()),
        Datum::Number(digits) => {
            let number = serde_json::from_str::<serde_json::Number>(digits).ok();
            let exact = number.filter(|number| number.to_string() == *digits);
            exact.map_or_else(|| Value::String(digits.clone()), Value::Number)
        }
        Datum::Bytes(_) => serde_json::from_slice(&datum.to_json()).unwrap_or(Value::Null),
        Datum::List(items) => items.iter().map(value_of).collect(),
        Datum::Map(fields) => fields.iter().map(|(name, value)| (name.clone(), value_of(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_texts() {
        let row = br#"{"a":9007199254740993,"b":1.50,"c":123456789012345678901234567890,"d":-1,"e":[null,true]}"#;
        let shown = value_of(&Datum::parse_json(row).unwrap());
        let expected = serde_json::json!({
            "a": 9_007_199_254_740_993_u64, "b": "1.50", "c": "123456789012345678901234567890", "d": -1,
            "e": [null, true],
        });
        assert_eq!(shown, expected);
    }
}
