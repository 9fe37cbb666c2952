//! The first tour: what to paste into a shell to see a click travel the whole way.

use std::path::Path;

/// Where everything is, and the tour.
#[must_use]
pub(crate) fn text(public_url: &str, data: &Path) -> String {
    let public_url = public_url.trim_end_matches('/');
    let data = data.display();
    format!(
        r#"
Millrace is up.
  API, redirects, live streams   {public_url}
  Reference                      {public_url}/docs
  Health, metrics                {public_url}/health/ready  {public_url}/metrics
  Data, keys, logs of servers    {data}

A first tour, to paste into another shell:

  MILLRACE={public_url}
  curl -s -w '\n' $MILLRACE/v1/core/users -H 'content-type: application/json' \
    -d '{{"email":"ada@example.com","password":"correct horse battery","name":"Ada"}}'
  TOKEN=$(curl -s $MILLRACE/v1/core/auth/login -H 'content-type: application/json' \
    -d '{{"email":"ada@example.com","password":"correct horse battery"}}' \
    | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')
  curl -s -w '\n' $MILLRACE/v1/links -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
    -d '{{"target":"https://example.com","slug":"hello"}}'
  curl -si $MILLRACE/hello
  curl -s -w '\n' "$MILLRACE/v1/links/stats?bots=include&interval=month" -H "authorization: Bearer $TOKEN" \
    -H 'min-position: CLICKS:1'

Ctrl-C stops it; the next start finds the data again.
"#
    )
}
