//! Claims about the edges of every HTTP function.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;
use workflow::ports::Entropy;

use super::{IdempotencyKey, JsonBody, Outermost, QueryPairs, harden};

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    name: String,
    #[serde(default)]
    flag: bool,
    #[serde(default)]
    list: Vec<u8>,
    #[serde(default)]
    of: Option<Inner>,
    #[serde(default = "one")]
    kind: Kind,
    #[serde(default)]
    any: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    x: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    One,
    Two,
}

const fn one() -> Kind {
    Kind::One
}

fn router() -> Router {
    let outermost = Outermost { entropy: Arc::new(Zeros), take_calls: Vec::new };
    let router = Router::new()
        .route(
            "/x",
            post(|body: JsonBody<Sent>| async move {
                let Sent { name, flag, list, of, kind, any } = body.value;
                let inner = of.map(|of| of.x).unwrap_or_default();
                format!("{name}{flag}{}{inner}{}{any}", list.len(), matches!(kind, Kind::Two))
            }),
        )
        .route("/key", post(|IdempotencyKey(key): IdempotencyKey| async move { key.unwrap_or_default() }))
        .route(
            "/panics",
            get(|| async {
                if true {
                    panic!("canary")
                }
            }),
        )
        .route(
            "/q",
            get(|mut query: QueryPairs| async move {
                let limit = query.read("limit", "must be a number", |text| text.parse::<u8>().ok())?;
                query.finish()?;
                Ok::<_, crate::Problem>(limit.unwrap_or(50).to_string())
            }),
        );
    harden(router, outermost)
}

async fn call(request: Request<Body>) -> (StatusCode, http::HeaderMap, Value) {
    let response = router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn post_json(body: impl Into<Body>) -> Request<Body> {
    Request::post("/x").header("content-type", "application/json").body(body.into()).unwrap()
}

async fn check(request: Request<Body>, status: u16, pointer: &str, detail: &str) {
    let (got, headers, body) = call(request).await;
    assert_eq!(got.as_u16(), status, "{body}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!((&body["status"], &body["request_id"]), (&status.into(), &"req_0000000000000000".into()));
    if pointer.is_empty() {
        assert_eq!(body["detail"], detail);
    } else {
        assert_eq!(body["errors"], serde_json::json!([{"pointer": pointer, "detail": detail}]));
    }
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused_with_their_place() {
    check(post_json("{\"name\": nope}"), 400, "", "the body is not JSON from line 1, column 11").await;
    check(post_json(""), 400, "", "the body is empty; send a JSON object").await;
    check(post_json("{\"name\":\"a\"} x"), 400, "", "the body is not JSON from line 1, column 14").await;
    check(post_json(vec![b'"', 0xff, b'"']), 400, "", "the body is not UTF-8").await;
    check(post_json("[".repeat(100_000)), 400, "", "the body is nested deeper than 64 levels").await;
    check(post_json("{\"name\":\"\\ud800\"}"), 400, "", "the body is not JSON from line 1, column 16").await;
}

#[tokio::test]
async fn bodies_that_are_wrong_are_refused_with_a_pointer_and_no_value() {
    check(post_json("{\"name\":1}"), 422, "/name", "must be a string").await;
    check(post_json("{\"name\":\"a\",\"flag\":\"ada@example.com\"}"), 422, "/flag", "must be a boolean").await;
    check(post_json("{\"name\":\"a\",\"list\":[1,true]}"), 422, "/list/1", "must be u8").await;
    check(post_json("{\"name\":\"a\",\"list\":[1,300]}"), 422, "/list/1", "must be u8").await;
    check(post_json("{\"name\":\"a\",\"nam\":1}"), 422, "/nam", "is not a known field").await;
    check(post_json("{}"), 422, "/name", "is missing").await;
    check(post_json("{\"name\":\"a\",\"name\":\"b\"}"), 422, "/name", "is given more than once").await;
}

#[tokio::test]
async fn structures_are_objects_choices_are_names_and_no_name_comes_twice() {
    check(post_json("[\"a\",true,[]]"), 422, "", "one or more values are wrong").await;
    check(post_json("{\"name\":\"a\",\"of\":[\"x\"]}"), 422, "/of", "must be an object").await;
    check(post_json("{\"name\":\"a\",\"kind\":{\"one\":null}}"), 422, "/kind", "must be a name, not an object").await;
    check(post_json("{\"name\":\"a\",\"kind\":null}"), 422, "/kind", "must be one of one, two").await;
    check(post_json("{\"name\":\"a\",\"kind\":\"three\"}"), 422, "/kind", "must be one or two").await;
    check(
        post_json("{\"name\":\"a\",\"any\":{\"b\":[{\"c\":1,\"c\":1}]}}"),
        422,
        "/any/b/0/c",
        "is given more than once",
    )
    .await;
    check(post_json("{\"name\":\"a\",\"of\":{\"x\":\"b\",\"y\":1}}"), 422, "/of/y", "is not a known field").await;
    check(post_json("{\"name\":\"a\",\"list\":[\"1\"]}"), 422, "/list/0", "must be u8").await;
    let good = "{\"name\":\"a\",\"of\":{\"x\":\"b\"},\"kind\":\"two\",\"any\":[1.5,-1,null],\"list\":[1]}";
    assert_eq!(call(post_json(good)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn other_media_types_and_huge_bodies_are_refused() {
    let plain = Request::post("/x").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    check(plain, 415, "", "send the body as application/json").await;
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(1024 * 1024));
    check(post_json(huge), 413, "", "a body may have 1 MiB at most").await;
    let (status, _, _) = call(post_json("{\"name\":\"a\"}")).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn unknown_paths_methods_and_panics_are_problems_too() {
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    check(get("/nowhere?password=canary"), 404, "", "nothing with this address exists for you").await;
    check(get("/x"), 405, "", "another method is needed here").await;
    assert_eq!(call(get("/x")).await.1["allow"], "POST");
    check(get("/panics"), 500, "", "the call was not finished").await;
    let (_, _, body) = call(get("/nowhere?a=b")).await;
    assert_eq!(body["instance"], "/nowhere");
}

#[tokio::test]
async fn query_parameters_are_known_and_given_once() {
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    check(get("/q?limit=a"), 422, "?limit", "must be a number").await;
    check(get("/q?limit=1&limit=2"), 422, "?limit", "is given more than once").await;
    check(get("/q?limits=1"), 422, "?limits", "is not a parameter of this call").await;
    assert_eq!(call(get("/q?limit=7")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn idempotency_keys_are_visible_ascii() {
    let with = |key: &str| Request::post("/key").header("idempotency-key", key).body(Body::empty()).unwrap();
    let detail = "Idempotency-Key must be sent once, as 1 to 255 visible ASCII characters";
    check(with("a b"), 400, "", detail).await;
    check(with(""), 400, "", detail).await;
    check(with(&"k".repeat(256)), 400, "", detail).await;
    assert_eq!(call(with("abc-1")).await.0, StatusCode::OK);
}
