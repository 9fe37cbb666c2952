//! What a page's form sends (`application/x-www-form-urlencoded`).

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::json::{BODY_DEADLINE, read};
use crate::problem::Problem;

const FORM: &str = "application/x-www-form-urlencoded";

/// A form's fields; never printed, since they may be secrets.
pub struct Form(Bytes);

impl Form {
    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(&self.0);
        let (_, value) = fields.find(|(found, _)| found == name)?;
        Some(value.into_owned())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE);
        if !kind.is_some_and(|it| it.as_bytes().starts_with(FORM.as_bytes())) {
            return Err(Problem::unsupported_media_type()
                .detail("send the body as Content-Type: application/x-www-form-urlencoded"));
        }
        read(request, state, BODY_DEADLINE).await.map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_field_is_found_by_its_name_and_decoded() {
        let form = Form("a=1&password=so+secret%26&password=2".into());
        assert_eq!(form.field("password").as_deref(), Some("so secret&"));
        assert_eq!(form.field("b"), None);
    }
}
