//! The QR code of a short link.

mod asked;
mod code;
mod png;
mod svg;

use axum::extract::State;
use axum::response::Response;
use events::LinkId;
use service::body::{Path, Query};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::problem::Problem;
use service::short_url::short_url;

use self::asked::{Asked, Drawing, Format};
use self::code::Code;
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// A link may be renamed: whoever keeps its code asks whether it is still the same.
const CACHING: &str = "private, no-cache";

/// The QR code of a link's short URL
#[utoipa::path(
    get, path = "/v1/links/{id}/qr", operation_id = "link_qr", tag = "links", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path),
        Asked,
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses(
        (status = 200, description = "The code, with its quiet zone, dark on white", content(
            (String = "image/svg+xml"),
            (Vec<u8> = "image/png"),
        )),
        (status = 304),
        ReadProblems,
    ),
)]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(asked): Query<Asked>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let drawing = asked.parse()?;
    app.progress
        .reach(&min_position, &[Projection::LinkList])
        .await?;
    let url = url_of(&app, &caller, link).await?;
    // No host and slug are so long that no code could hold them.
    let code = Code::of(&url).map_err(|error| Problem::internal(&error))?;
    let image = draw(&code, &drawing)?;
    Ok(image.cached(CACHING).unless_known(&known))
}

async fn url_of(app: &App, caller: &Caller, link: LinkId) -> Result<String, Problem> {
    let mut read = app.databases.links.of(caller).await?;
    let row = sqlx::query!(
        "select domain, slug from link_list where link_id = $1 and workspace_id = $2",
        link.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    Ok(short_url(app.public_url.scheme(), &row.domain, &row.slug))
}

fn draw(code: &Code, drawing: &Drawing) -> Result<Versioned, Problem> {
    let size = drawing.size;
    match drawing.format {
        Format::Svg => Ok(Versioned::file(
            "image/svg+xml",
            svg::svg(code, size).into(),
        )),
        Format::Png if usize::from(size) < code.modules() => Err(asked::too_small(code.modules())),
        Format::Png => png::png(code, size)
            .map(|image| Versioned::file("image/png", image))
            .map_err(|error| Problem::internal(&error)),
    }
}

#[cfg(test)]
mod tests;
