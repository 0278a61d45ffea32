//! Secrets that open what they are of to whoever has them: what somebody gets who has none, or one that is spent.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::KINDS;
use crate::{SECRET, TOWEL, Town};

#[tokio::test]
async fn a_login_takes_no_cart_that_is_somebody_elses() {
    for kind in KINDS {
        let mut town = Town::open(kind).await;
        let token = town.server.cart(&[(TOWEL, 2)]).await;
        let enter = async |who: &str, token: &str| {
            let email = format!("{who}@example.com");
            let login = json!({"email": email, "password": SECRET, "cart_token": token});
            town.server.post("/api/auth/login/").json(&login).send().await.expect(200)
        };
        assert_eq!(enter("ada", &token).await["cart_merge"]["merged"], 1);
        let hers = town.get("ada", "/api/cart/").await.expect(200);
        assert_eq!(hers["items"][0]["quantity"], 2);
        // The token of the cart that is Ada's now, the cart's own id, one of her login, and what was made up.
        let access = town.pairs["ada"]["access_token"].as_str().unwrap();
        for shown in [&*token, hers["id"].as_str().unwrap(), access, &"A".repeat(43), "x", ""] {
            let merged = enter("eve", shown).await["cart_merge"].take();
            assert!(merged.is_null() || merged == json!({"merged": 0, "left": []}), "{shown}: {merged}");
            assert_eq!(town.get("eve", "/api/cart/").await.expect(200)["items"], json!([]), "{shown}");
        }
        assert_eq!(town.get("ada", "/api/cart/").await.expect(200), hers);
        town.server.stop().await;
    }
}

#[tokio::test]
async fn a_logout_ends_no_session_that_is_somebody_elses() {
    for kind in KINDS {
        let mut town = Town::open(kind).await;
        let sessions = async || town.get("ada", "/api/users/sessions/").await.expect(200)["results"].take();
        let login = json!({"email": "ada@example.com", "password": SECRET});
        let other = town.server.post("/api/auth/login/").json(&login).send().await.expect(200);
        let refresh = async |pair: &Value| {
            let body = json!({"refresh_token": pair["refresh_token"]});
            town.server.post("/api/auth/refresh/").json(&body).send().await
        };
        let before = sessions().await;
        assert_eq!(before.as_array().unwrap().len(), 2);
        let ids = before.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
        let access = [&town.pairs["ada"], &other].map(|pair| pair["access_token"].as_str().unwrap());
        let made_up = ["A".repeat(43), "x".to_owned(), String::new()];
        for shown in ids.chain(access).chain(made_up.iter().map(String::as_str)) {
            for path in ["/api/auth/logout/", "/api/auth/logout/?all=false"] {
                let body = json!({"refresh_token": shown});
                let ended = town.call("eve", Method::POST, path).json(&body).send().await;
                assert!([204, 401, 422].contains(&ended.status), "{shown}: {}", ended.text);
            }
            assert_eq!(sessions().await.as_array().unwrap().len(), 2, "{shown}");
        }
        refresh(&other).await.expect(200);
        // All of hers are all of hers.
        town.call("eve", Method::POST, "/api/auth/logout/?all=true").json(&json!({})).send().await;
        assert_eq!(sessions().await.as_array().unwrap().len(), 2);
        refresh(&town.pairs["ada"]).await.expect(200);
        town.server.stop().await;
    }
}
