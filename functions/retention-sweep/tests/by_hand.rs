//! What is asked for by hand: understood to the letter, or refused with the word that is wrong.

use retention_sweep::asked;
use serde_json::{Value, json};

#[test]
fn what_is_misspelt_takes_nothing_away() {
    let cases = [
        (json!({"dryrun": true}), "dry_run"),
        (json!({"dry_run": "yes"}), "dry_run"),
        (json!({"dry_run": null}), "dry_run"),
        (json!({"beyond_cap": 1}), "beyond_cap"),
        (json!({"beyond_cap": true}), "needs `tenant`"),
        (json!({"beyond_cap": true, "tenant": "acme"}), "needs `tenant`"),
        (json!({"beyond_cap": true, "collection": "chat.messages"}), "needs `tenant`"),
        (json!({"tenant": ""}), "tenant"),
        (json!({"tenant": "a#b"}), "tenant"),
        (json!({"tenant": 7}), "tenant"),
        (json!({"collection": ""}), "collection"),
        (json!({"collection": ["chat.messages"]}), "collection"),
        (json!({"detail-type": "Scheduled Event", "dry_run": true}), "schedule"),
        (json!([]), "no object"),
        (json!("dry_run"), "no object"),
        (Value::Null, "no object"),
    ];
    for (event, why) in cases {
        let told = asked(&event).unwrap_err().to_string();
        assert!(told.contains(why), "{event}: {told}");
    }
    let dry = asked(&json!({"dry_run": true})).unwrap();
    assert!(dry.by_hand && dry.dry_run && !dry.beyond_cap);
}
