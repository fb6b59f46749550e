//! The API as one bearer sees it, and what a test asks of it again and again.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Stack, pause};
use crate::http::{Answer, get, send};
use crate::tokens::Bearer;
use crate::zip_file::ZipFile;

/// The API, called with one token.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: String,
    token: String,
}

impl Api {
    /// The API for a bearer.
    pub(crate) fn of(stack: &Stack, bearer: &Bearer) -> Self {
        Self { url: format!("{}/api/v1", stack.api_url), token: stack.issuer.token(bearer) }
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, &[]).await
    }

    /// POST with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// Any call.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>, more: &[(&str, &str)]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(more);
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        send(method, &format!("{}{path}", self.url), &headers, bytes).await
    }

    /// Asks for the signed-in person's own data; the id of the job.
    pub(crate) async fn export_own(&self, body: &Value) -> String {
        job_id(&self.post("/privacy/me/export", body).await.expect(202))
    }

    /// Waits until a job is completed, and shows it.
    pub(crate) async fn until_completed(&self, job: &str, seconds: u64) -> Value {
        for _ in 0..seconds * 4 {
            let view = self.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
            match view["status"].as_str().unwrap() {
                "completed" => return view,
                "pending" | "in_progress" | "awaiting_verification" | "scheduled" => pause(250).await,
                other => panic!("the job is {other}: {}", view["parked_because"]),
            }
        }
        let view = self.get(&format!("/privacy/jobs/{job}")).await.json();
        panic!("the job did not end within {seconds} s: {view:#}")
    }

    /// What a job is.
    pub(crate) async fn status(&self, job: &str) -> String {
        let view = self.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
        view["status"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is what it is to be.
    pub(crate) async fn until(&self, job: &str, status: &str, seconds: u64) {
        for _ in 0..seconds * 10 {
            if self.status(job).await == status {
                return;
            }
            pause(100).await;
        }
        let view = self.get(&format!("/privacy/jobs/{job}")).await.json();
        panic!("the job is not {status}: {view:#}");
    }

    /// What approves the plan that a job has now.
    pub(crate) async fn approval(&self, job: &str) -> Value {
        let plan = self.get(&format!("/privacy/jobs/{job}/plan")).await.expect(200).json();
        json!({ "plan_hash": plan["plan_hash"] })
    }

    /// Approves the plan that a job has now.
    pub(crate) async fn approve(&self, job: &str) -> Answer {
        self.post(&format!("/privacy/jobs/{job}/approve"), &self.approval(job).await).await
    }

    /// Places a hold on an address and waits until it is effective; its id.
    pub(crate) async fn effective_hold(&self, email: &str) -> String {
        let scope = json!({ "subject": { "identities": [{ "type": "email", "value": email }] } });
        let body = json!({ "scope": scope, "matter": "a matter", "reason": "a reason" });
        let mut hold = self.post("/privacy/holds", &body).await.expect(201).json();
        let id = hold["id"].as_str().unwrap().to_owned();
        for _ in 0..1_200 {
            if hold["status"] == "effective" {
                return id;
            }
            assert!(!hold["in_flight"].as_array().unwrap().is_empty(), "INV-E2 what is awaited is not named: {hold}");
            pause(100).await;
            let listed = self.get("/privacy/holds?limit=100").await.expect(200).json();
            let mine = listed["items"].as_array().unwrap().iter().find(|one| one["id"] == id.as_str()).cloned();
            hold = mine.expect("a hold that was placed just now is on the first page");
        }
        panic!("INV-E2 the hold never became effective: {hold}");
    }

    /// A fresh link and its promised end.
    pub(crate) async fn link(&self, job: &str) -> Value {
        self.get(&format!("/privacy/jobs/{job}/download?redirect=false")).await.expect(200).json()
    }

    /// Downloads and checks the archive of a completed job against its own manifest and against what the job says.
    pub(crate) async fn archive(&self, job: &str) -> ZipFile {
        let view = self.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
        let link = self.link(job).await;
        let bytes = get(link["url"].as_str().unwrap()).await.expect(200).body;
        ZipFile::checked(bytes.into(), &view["archive"])
    }
}

/// The id in an answer.
pub(crate) fn job_id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// An access or portability request about an address.
pub(crate) fn request(kind: &str, email: &str) -> Value {
    json!({ "type": kind, "regime": "gdpr", "subject": { "identities": [{ "type": "email", "value": email }] } })
}
