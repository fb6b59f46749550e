//! The contract of the mail service.

use domain::sensitive::Sensitive;
use workflow::ports::{Mail, Mailer};

use crate::contracts::cases;
use crate::names::Names;

cases!(dyn Mailer: mail_is_accepted, mail_holds_any_text);

/// A mail to an address of the reserved domain.
#[must_use]
pub fn mail(to: &str, notice_id: &str) -> Mail {
    Mail {
        to: Sensitive::new(to.to_owned()),
        subject: "Your request".to_owned(),
        text: Sensitive::new("Your request has arrived.".to_owned()),
        html: Sensitive::new("<p>Your request has arrived.</p>".to_owned()),
        notice_id: notice_id.to_owned(),
        tenant: "acme".parse().unwrap(),
        receiver: "subject".to_owned(),
    }
}

async fn mail_is_accepted(mailer: &dyn Mailer, names: &mut Names) {
    mailer.send(&mail("ada@example.com", &format!("{}-received", names.job()))).await.unwrap();
}

async fn mail_holds_any_text(mailer: &dyn Mailer, names: &mut Names) {
    let text = Sensitive::new("Grüße, 你好, \u{1f511}\r\n.\r\nend".to_owned());
    let it = Mail { text, ..mail("ada@example.com", &format!("{}-ready", names.job())) };
    mailer.send(&it).await.unwrap();
}
