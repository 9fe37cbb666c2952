# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The queries were checked against the database when .sqlx/ was written; none is needed here.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p millrace \
    && cp target/release/millrace /usr/local/bin/millrace

FROM debian:bookworm-slim
# For storage, brokers and collectors that speak TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/bin/millrace /usr/local/bin/millrace
# Clicks wait here while the broker is away; a volume takes its owner from it.
RUN install --directory --owner=65532 --group=65532 /data
USER 65532:65532
EXPOSE 8081 8082 8083
ENTRYPOINT ["millrace"]
