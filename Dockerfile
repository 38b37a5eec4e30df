# The worker as an image, for linux/amd64 and linux/arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=… --build-arg REVISION=$(git rev-parse HEAD) .
# How to run it, and what its sandbox asks of the engine, is in docs/image.md. test/e2e/image.test.ts runs every step of it.

# Debian 12 brings the ffmpeg that every test runs with, 5.1 with Debian's patches.
ARG NODE_IMAGE=node:24-bookworm-slim

# What the worker starts: ffmpeg, its sandbox, and an init that hands signals on and reaps what is left behind.
FROM ${NODE_IMAGE} AS programs
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ffmpeg tini \
  && rm -rf /var/lib/apt/lists/*
RUN install -d -o 1000 -g 1000 /var/lib/ladderd /var/lib/ladderd/work
WORKDIR /app
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--"]

FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --workspaces=false

FROM modules AS build
COPY tsconfig.json tsconfig.build.json ./
COPY deploy/build-id.ts ./deploy/
COPY src ./src
# /readyz answers with the build: the version and this commit, or a digest of what was built.
ARG REVISION=unknown
RUN CODEBUILD_RESOLVED_SOURCE_VERSION="${REVISION}" npm run build && npm prune --omit=dev --workspaces=false
# The packager of this platform is enough.
RUN rm -f node_modules/shaka-packager/bin/packager-osx-* node_modules/shaka-packager/bin/packager-win-*

# The checkout with its embedded AWS, for docker-compose.yml.
FROM programs AS dev
COPY --from=modules /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY config ./config
COPY src ./src
ENV NODE_ENV=development
USER 1000:1000
CMD ["node", "src/main.ts", "dev"]

FROM programs AS worker
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ladderd" \
  org.opencontainers.image.description="A transcode worker for AWS: from an upload in S3 to an adaptive HLS and DASH stream" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY config ./config
# In a container the loopback address is nobody's but its own.
ENV NODE_ENV=production LADDERD_HTTP_HOST=0.0.0.0 LADDERD_HTTP_PORT=9464
EXPOSE 9464
# The only place that is written to: the rest may be a read-only root.
VOLUME ["/var/lib/ladderd"]
USER 1000:1000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LADDERD_HTTP_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "start"]
