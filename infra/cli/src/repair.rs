//! Puts right what the emulator's CloudFormation drops, by the template it was given. On AWS nothing of this runs.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use aws_config::SdkConfig;
use serde_json::Value;

mod bucket;
mod table;

/// One thing set: what, and of which resource of the template.
pub(crate) type Done = (&'static str, String);

/// What a repair needs to know of the stack.
#[derive(Debug)]
pub(crate) struct Repair<'a> {
    config: &'a SdkConfig,
    stack_name: &'a str,
    outputs: &'a BTreeMap<String, String>,
}

impl<'a> Repair<'a> {
    /// Names the stack; changes nothing.
    pub(crate) const fn new(config: &'a SdkConfig, stack_name: &'a str, outputs: &'a BTreeMap<String, String>) -> Self {
        Self { config, stack_name, outputs }
    }

    /// Does every repair and says what it did; may run twice.
    pub(crate) async fn run(&self) -> anyhow::Result<Vec<Done>> {
        let mut done = Vec::new();
        for (id, resource) in self.resources().await? {
            let properties = &resource["Properties"];
            let Some(name) = self.outputs.get(&id) else { continue };
            match resource["Type"].as_str() {
                Some("AWS::S3::Bucket") => done.extend(self.bucket(&id, name, properties).await?),
                Some("AWS::DynamoDB::Table") => done.extend(self.table(&id, name, properties).await?),
                Some("AWS::Lambda::Function") => done.extend(self.recursion(&id, name, properties).await?),
                Some(_) | None => {}
            }
        }
        Ok(done)
    }

    /// Lets the stack send mail from `address`; the emulator accepts any without asking its owner.
    pub(crate) async fn sender(&self, address: &str) -> anyhow::Result<Done> {
        let client = aws_sdk_sesv2::Client::new(self.config);
        match client.create_email_identity().email_identity(address).send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(|error| error.is_already_exists_exception()) => {}
            Err(error) => return Err(anyhow!(error).context("cannot register the sender of the mails")),
        }
        Ok(("verified sender", address.to_owned()))
    }

    /// Resources of the template after its transform.
    async fn resources(&self) -> anyhow::Result<Vec<(String, Value)>> {
        let client = aws_sdk_cloudformation::Client::new(self.config);
        let stage = aws_sdk_cloudformation::types::TemplateStage::Processed;
        let found = client.get_template().stack_name(self.stack_name).template_stage(stage).send().await?;
        let template: Value = serde_json::from_str(found.template_body().unwrap_or_default())
            .context("the emulator gives the deployed template in no form we can read")?;
        let resources = template["Resources"].as_object().cloned().unwrap_or_default();
        Ok(resources.into_iter().collect())
    }

    async fn recursion(&self, id: &str, name: &str, properties: &Value) -> anyhow::Result<Option<Done>> {
        let Some(wanted) = properties["RecursiveLoop"].as_str() else { return Ok(None) };
        let client = aws_sdk_lambda::Client::new(self.config);
        let request = client.put_function_recursion_config().function_name(name).recursive_loop(wanted.into());
        request.send().await.with_context(|| format!("cannot set RecursiveLoop of {id}"))?;
        Ok(Some(("RecursiveLoop", id.to_owned())))
    }

    /// A property's value where the template refers to another resource of the stack.
    fn resolved(&self, value: &Value) -> Option<String> {
        let name = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
        match (value.as_str(), name) {
            (Some(text), _) => Some(text.to_owned()),
            (None, Some("AWS::Region")) => self.config.region().map(ToString::to_string),
            (None, Some(name)) => self.outputs.get(name).cloned(),
            (None, None) => None,
        }
    }
}

/// One line for a human, each kind named once.
pub(crate) fn told(done: &[Done]) -> String {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (kind, id) in done {
        kinds.entry(kind).or_default().push(id);
    }
    let kinds = kinds.iter().map(|(kind, ids)| format!("{kind} ({})", ids.join(", ")));
    kinds.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn each_kind_of_repair_is_named_once() {
        let done = [("tags", "A".to_owned()), ("expiry", "B".to_owned()), ("tags", "C".to_owned())];
        assert_eq!(told(&done), "expiry (B); tags (A, C)");
    }
}
