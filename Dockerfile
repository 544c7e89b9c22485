# The worker and its bundled model: docker build -t sd-worker . && docker run -p 8080:8080 sd-worker
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make git ca-certificates
WORKDIR /sd-worker
COPY . .
RUN make package

FROM debian:bookworm-slim
COPY --from=build /sd-worker/build/packages/*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/*.deb && rm -rf /tmp/*.deb /var/lib/apt/lists/* \
  && useradd --system --create-home sd-worker
USER sd-worker
EXPOSE 8080
# An address that other machines reach asks for a key: -e SD_WORKER_API_KEY=... or, behind a proxy, -e SD_WORKER_INSECURE=true
ENV SD_WORKER_HOST=0.0.0.0
ENTRYPOINT ["sd-worker"]
CMD ["serve", "--config", "/etc/sd-worker/sd-worker.toml"]
