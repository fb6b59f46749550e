//! The template: queues and their workers fit together, loops are allowed where we nudge ourselves, no policy allows everything.

use crate::finding::{Finding, caught, none_of};
use crate::repository;
use crate::yaml::{self, Node};

const TEMPLATE: &str = "infra/template.yaml";
/// Visibility in time-outs of the function, as AWS asks for.
const TIMEOUTS: u64 = 6;

fn functions(template: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let resources = template.get("Resources").unwrap().entries().iter();
    resources.filter_map(|(id, node)| {
        (node.get("Type")?.text() == "AWS::Serverless::Function")
            .then(|| Some((id.as_str(), node.get("Properties")?)))?
    })
}

/// The SQS event sources of a function, by their properties.
fn queue_events(function: &Node) -> Vec<&Node> {
    let events = function.get("Events").map(Node::entries).unwrap_or_default();
    let queues = events.iter().filter(|(_, event)| event.get("Type").is_some_and(|kind| kind.text() == "SQS"));
    queues.filter_map(|(_, event)| event.get("Properties")).collect()
}

fn check_sources(template: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, function) in functions(template) {
        for event in queue_events(function) {
            let mut say = |text: &str| findings.push(Finding::new(TEMPLATE, event.line, format!("{id}: {text}")));
            if function.get("RecursiveLoop").map(Node::text) != Some("Allow") {
                say("without `RecursiveLoop: Allow` AWS stops a worker that nudges itself after 16 rounds");
            }
            let responses = event.get("FunctionResponseTypes").map(Node::items).unwrap_or_default();
            if !responses.iter().any(|response| response.text() == "ReportBatchItemFailures") {
                say("without `ReportBatchItemFailures` one bad message repeats the whole batch");
            }
            if event.at("ScalingConfig/MaximumConcurrency").is_none() {
                say("without `ScalingConfig: { MaximumConcurrency: n }` a flood takes the account's concurrency");
            }
            findings.extend(check_visibility(template, id, function, event));
        }
    }
    findings
}

fn check_visibility(template: &Node, id: &str, function: &Node, event: &Node) -> Option<Finding> {
    let queue = event.get("Queue").map(Node::text).unwrap_or_default().trim_end_matches(".Arn");
    let visibility = template.at(&format!("Resources/{queue}/Properties/VisibilityTimeout"));
    let seconds = visibility.and_then(|node| number(template, node));
    let timeout = function.get("Timeout").and_then(|node| number(template, node));
    let enough = seconds.zip(timeout).is_some_and(|(seconds, timeout)| seconds >= TIMEOUTS * timeout);
    let line = visibility.map_or(event.line, |node| node.line);
    let text = format!("{id}: the visibility of {queue} is not six times the function's time-out: raise it");
    (!enough).then(|| Finding::new(TEMPLATE, line, text))
}

/// A number, or the default of the parameter it refers to.
fn number(template: &Node, node: &Node) -> Option<u64> {
    if node.tag.as_deref() == Some("Ref") {
        return template.at(&format!("Parameters/{}/Default", node.text()))?.text().parse().ok();
    }
    node.text().parse().ok()
}

/// No statement that allows names every action of everything or of a service.
fn check_actions(template: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    template.walk("", &mut |_, node| {
        if node.get("Effect").is_none_or(|effect| effect.text() != "Allow") {
            return;
        }
        if let Some(except) = node.get("NotAction") {
            findings.push(Finding::new(
                TEMPLATE,
                except.line,
                "`NotAction` allows what nobody has thought of: name the actions",
            ));
        }
        let actions = node.get("Action").map(Node::items).unwrap_or_default();
        for action in actions.iter().filter(|action| action.text().contains('*')) {
            let text = format!("`{}` allows what nobody has thought of: name the actions", action.text());
            findings.push(Finding::new(TEMPLATE, action.line, text));
        }
    });
    findings
}

fn template() -> Node {
    yaml::parse(&repository::read(TEMPLATE).unwrap())
}

#[test]
fn workers_fit_their_queues() {
    let template = template();
    assert!(functions(&template).any(|(_, function)| !queue_events(function).is_empty()), "no worker has a queue");
    none_of(check_sources(&template));
}

#[test]
fn no_policy_allows_everything() {
    none_of(check_actions(&template()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Parameters:
  Timeout: { Default: 120 }
  Visibility: { Default: 720 }
Resources:
  AQueue: { Properties: { VisibilityTimeout: !Ref Visibility } }
  A:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: !Ref Timeout
      RecursiveLoop: Allow
      Events:
        Messages:
          Type: SQS
          Properties:
            Queue: !GetAtt AQueue.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: { MaximumConcurrency: 5 }
";

    #[test]
    fn a_worker_that_does_not_fit_its_queue_is_found() {
        let found = |from: &str, to: &str| check_sources(&yaml::parse(&GOOD.replace(from, to)));
        assert_eq!(found("", ""), []);
        caught(&found("RecursiveLoop: Allow", "RecursiveLoop: Terminate"), "RecursiveLoop");
        caught(&found("[ReportBatchItemFailures]", "[]"), "ReportBatchItemFailures");
        caught(&found("MaximumConcurrency", "Other"), "MaximumConcurrency");
        caught(&found("Default: 720", "Default: 719"), "six times");
        caught(&found("!Ref Visibility", "30"), "six times");
        caught(&found("!GetAtt AQueue.Arn", "!GetAtt BQueue.Arn"), "visibility of BQueue");
    }

    #[test]
    fn a_policy_for_everything_is_found() {
        let found = |statement: &str| check_actions(&yaml::parse(&format!("Statement: [{{ {statement} }}]")));
        caught(&found("Effect: Allow, Action: \"*\""), "`*` allows");
        caught(&found("Effect: Allow, Action: [\"s3:GetObject\", \"s3:*\"]"), "`s3:*` allows");
        caught(&found("Effect: Allow, NotAction: \"s3:GetObject\""), "NotAction");
        assert_eq!(found("Effect: Deny, Action: \"s3:*\""), []);
        assert_eq!(found("Effect: Allow, Action: \"s3:GetObject\""), []);
    }
}
