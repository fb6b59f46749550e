//! The rules as data, one row per regime, each with its id and citation.
//! Applying them to a request is done elsewhere.

use crate::pause::PauseReason;
use crate::regime::Regime;

/// What starts the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The request arrives.
    Receipt,
    /// The request arrives, or what was asked for with it (identity or fee) arrives later.
    ReceiptOrIdentityOrFee,
    /// The controller becomes aware.
    Awareness,
}

/// A length of time as the law counts it; the day of the trigger is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// To the same-numbered day, or the last day of a month that has none.
    Months(i32),
    /// Calendar days.
    Days(i32),
    /// Days that are neither weekend nor holiday.
    BusinessDays(i32),
    /// Hours on the clock, across any change to or from summer time.
    Hours(i32),
}

/// A longer period that takes the place of the first one, counted from the same trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// The whole period, not what is added to the first.
    pub total: Period,
    /// Id of the extended rule.
    pub rule: &'static str,
    /// Where the law says so.
    pub citation: &'static str,
    /// What must be told, and by when.
    pub condition: &'static str,
}

/// Whether waiting for somebody stops the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseRule {
    /// Nothing stops it.
    Never,
    /// Only waiting for the identity where it is reasonably doubted.
    IdentityDoubted,
    /// Waiting for identity, clarification of scope or the fee.
    StopsTheClock,
}

impl PauseRule {
    /// Whether waiting for `reason` stops the clock.
    #[must_use]
    pub const fn allows(self, reason: PauseReason) -> bool {
        match (self, reason) {
            (Self::Never, _) | (Self::IdentityDoubted, PauseReason::Clarification | PauseReason::Fee) => false,
            (Self::IdentityDoubted, PauseReason::Identity) | (Self::StopsTheClock, _) => true,
        }
    }
}

/// What becomes of a due day that is a weekend or a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roll {
    /// It stays.
    Stays,
    /// The next working day takes its place.
    NextWorkingDay,
}

/// The clock of one regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Whose clock it is.
    pub regime: Regime,
    /// Stable id, carried by every answer.
    pub id: &'static str,
    /// Where the law says so.
    pub citation: &'static str,
    /// What starts the clock.
    pub trigger: Trigger,
    /// By when the receipt is to be confirmed.
    pub acknowledge: Option<Period>,
    /// By when to answer.
    pub period: Period,
    /// The longer period, where the law knows one.
    pub extension: Option<Extension>,
    /// What stops the clock.
    pub pause: PauseRule,
    /// What becomes of a due day that is no working day.
    pub roll: Roll,
}

impl Rule {
    /// The clock of `regime`.
    #[must_use]
    pub const fn of(regime: Regime) -> &'static Self {
        match regime {
            Regime::Gdpr => &GDPR,
            Regime::UkGdpr => &UK_GDPR,
            Regime::Ccpa => &CCPA,
            Regime::CcpaOptOut => &CCPA_OPT_OUT,
            Regime::Hipaa => &HIPAA,
            Regime::Lgpd => &LGPD,
            Regime::Breach => &BREACH,
        }
    }
}

/// The longer period of `regime`, or none where the law knows no extension.
#[must_use]
pub const fn may_extend(regime: Regime) -> Option<&'static Extension> {
    Rule::of(regime).extension.as_ref()
}

/// Whether waiting for `reason` stops the clock of `regime`.
#[must_use]
pub const fn may_pause(regime: Regime, reason: PauseReason) -> bool {
    Rule::of(regime).pause.allows(reason)
}

/// One calendar month from receipt, three when extended (GDPR Art. 12(3)); rolls by Regulation 1182/71.
const GDPR: Rule = Rule {
    regime: Regime::Gdpr,
    id: "gdpr-12-3",
    citation: "GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3",
    trigger: Trigger::Receipt,
    acknowledge: None,
    period: Period::Months(1),
    extension: Some(Extension {
        total: Period::Months(3),
        rule: "gdpr-12-3-extended",
        citation: "GDPR Art. 12(3), second and third sentence; Regulation (EEC, Euratom) 1182/71 Art. 3",
        condition: "the subject is told, with the reasons, within one month of receipt",
    }),
    pause: PauseRule::IdentityDoubted,
    roll: Roll::NextWorkingDay,
};

/// One month from the relevant time, three when extended (UK GDPR Art. 12A); the clock stops while waiting.
const UK_GDPR: Rule = Rule {
    regime: Regime::UkGdpr,
    id: "uk-gdpr-12a",
    citation: "UK GDPR Art. 12(3) and 12A; ICO guidance on the right of access",
    trigger: Trigger::ReceiptOrIdentityOrFee,
    acknowledge: None,
    period: Period::Months(1),
    extension: Some(Extension {
        total: Period::Months(3),
        rule: "uk-gdpr-12a-extended",
        citation: "UK GDPR Art. 12A, extension by two further months; ICO guidance on the right of access",
        condition: "the subject is told, with the reasons, within one month of the relevant time",
    }),
    pause: PauseRule::StopsTheClock,
    roll: Roll::NextWorkingDay,
};

/// 45 calendar days however long verification takes, 90 in all when extended (11 CCR 7021(b)).
const CCPA: Rule = Rule {
    regime: Regime::Ccpa,
    id: "ccpa-7021-b",
    citation: "11 CCR 7021(a) and (b); Cal. Civ. Code 1798.130(a)(2)",
    trigger: Trigger::Receipt,
    acknowledge: Some(Period::BusinessDays(10)),
    period: Period::Days(45),
    extension: Some(Extension {
        total: Period::Days(90),
        rule: "ccpa-7021-b-extended",
        citation: "11 CCR 7021(b); Cal. Civ. Code 1798.130(a)(2)",
        condition: "the consumer is given notice and the reason within the first 45 days",
    }),
    pause: PauseRule::Never,
    roll: Roll::Stays,
};

/// 15 business days (11 CCR 7026(f) and 7027(g)).
const CCPA_OPT_OUT: Rule = Rule {
    regime: Regime::CcpaOptOut,
    id: "ccpa-7026-7027",
    citation: "11 CCR 7026(f) and 7027(g)",
    trigger: Trigger::Receipt,
    acknowledge: None,
    period: Period::BusinessDays(15),
    extension: None,
    pause: PauseRule::Never,
    roll: Roll::Stays,
};

/// 30 days, once 30 more with a written statement (45 CFR 164.524(b)(2)).
const HIPAA: Rule = Rule {
    regime: Regime::Hipaa,
    id: "hipaa-164-524-b-2",
    citation: "45 CFR 164.524(b)(2)(i)",
    trigger: Trigger::Receipt,
    acknowledge: None,
    period: Period::Days(30),
    extension: Some(Extension {
        total: Period::Days(60),
        rule: "hipaa-164-524-b-2-extended",
        citation: "45 CFR 164.524(b)(2)(ii)",
        condition: "the individual gets the reasons and the date in writing within the first 30 days; once only",
    }),
    pause: PauseRule::Never,
    roll: Roll::Stays,
};

/// 15 days for the complete declaration; the simplified one is due at once (LGPD Art. 19).
const LGPD: Rule = Rule {
    regime: Regime::Lgpd,
    id: "lgpd-19-ii",
    citation: "Lei 13.709/2018 (LGPD) Art. 19, II",
    trigger: Trigger::Receipt,
    acknowledge: None,
    period: Period::Days(15),
    extension: None,
    pause: PauseRule::Never,
    roll: Roll::Stays,
};

/// 72 hours from becoming aware (GDPR Art. 33(1)).
const BREACH: Rule = Rule {
    regime: Regime::Breach,
    id: "gdpr-33-1",
    citation: "GDPR Art. 33(1)",
    trigger: Trigger::Awareness,
    acknowledge: None,
    period: Period::Hours(72),
    extension: None,
    pause: PauseRule::Never,
    roll: Roll::Stays,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_stands_under_its_own_regime_with_an_id_of_its_own() {
        let mut ids = BTreeSet::new();
        for regime in Regime::ALL {
            let rule = Rule::of(regime);
            assert_eq!(rule.regime, regime);
            assert!(ids.insert(rule.id));
            assert!(!rule.citation.is_empty());
            if let Some(extension) = may_extend(regime) {
                assert!(ids.insert(extension.rule));
            }
        }
    }

    #[test]
    fn only_the_european_regimes_let_a_clock_be_stopped() {
        let allowed = |regime| PauseReason::ALL.map(|reason| may_pause(regime, reason));
        assert_eq!(allowed(Regime::UkGdpr), [true, true, true]);
        assert_eq!(allowed(Regime::Gdpr), [true, false, false]);
        for regime in [Regime::Ccpa, Regime::CcpaOptOut, Regime::Hipaa, Regime::Lgpd, Regime::Breach] {
            assert_eq!(allowed(regime), [false; 3]);
        }
    }
}
