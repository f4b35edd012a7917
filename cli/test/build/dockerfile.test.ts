import t from 'tap'
import { readDockerfile } from '../../src/build/dockerfile.ts'

t.test('reads copies and settings of the last stage', (t) => {
  const text = `
ARG BASE=node:24
FROM \${BASE} AS base
FROM scratch
COPY --from=base /usr/local/bin/node /usr/local/bin/node
COPY --chown=1000 dist/ package.json /app/
ARG APP_VERSION=0.0.0
ARG COMMIT
LABEL title="web app" version="\${APP_VERSION}"
ENV NODE_ENV=production \\
    APP_VERSION=\${APP_VERSION} COMMIT=$COMMIT
WORKDIR /app
USER 1000:1000
EXPOSE 8080 9000/udp
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["node", "health.js"]
ENTRYPOINT ["node", "server.js"]
CMD --port 8080
`
  t.strictSame(readDockerfile(text, { APP_VERSION: '1.2.3' }), {
    copies: [{ sources: ['dist/', 'package.json'], target: '/app/' }],
    config: {
      Env: ['NODE_ENV=production', 'APP_VERSION=1.2.3', 'COMMIT='],
      Labels: { title: 'web app', version: '1.2.3' },
      ExposedPorts: { '8080/tcp': {}, '9000/udp': {} },
      WorkingDir: '/app',
      User: '1000:1000',
      StopSignal: 'SIGTERM',
      Entrypoint: ['node', 'server.js'],
      Cmd: ['/bin/sh', '-c', '--port 8080'],
    },
  })
  t.end()
})

t.test('refuses what only an engine can do, and says in which line', (t) => {
  const refused = (text: string) => t.throws(() => readDockerfile(text, {}), { name: 'CliError', exitCode: 2 })
  t.throws(() => readDockerfile('FROM node:24\nCOPY . .\nRUN npm ci\n', {}), { message: 'Dockerfile:3: RUN needs a container engine.' })
  t.throws(() => readDockerfile('FROM node:24 AS build\nRUN npm ci\nFROM scratch\nCOPY --from=build /app /app\n', {}), {
    message: 'Dockerfile:4: COPY --from=build needs a container engine.',
  })
  refused('FROM scratch\nADD https://example.com/x.tar /\n')
  t.end()
})
