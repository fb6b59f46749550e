//! `habeas token`: a signed token for the local stack.

use std::process::ExitCode;

use anyhow::ensure;

use crate::args::{Role, TokenArguments};
use crate::home::Home;
use crate::issuer::{Bearer, Issuer};
use crate::{report, waiting};

/// Prints one token on standard output.
pub(crate) fn run(arguments: &TokenArguments) -> anyhow::Result<ExitCode> {
    ensure!(
        arguments.role != Role::DataSubject || arguments.subject.is_some(),
        "a data_subject token needs the person's address: --subject EMAIL"
    );
    let bearer = Bearer {
        tenant: &arguments.tenant,
        role: arguments.role,
        email: arguments.subject.as_deref(),
        org: arguments.org.as_deref(),
    };
    let issuer = Issuer::load_or_create(&Home::find()?)?;
    report::line(&issuer.token(&bearer, waiting::epoch_seconds(), arguments.ttl)?);
    Ok(ExitCode::SUCCESS)
}
