import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { programs } from '../../setup/versions.mjs'
import type { Pin } from '../../setup/versions.mjs'
import { renderVersions } from '../../setup/write-versions.mjs'
import { root } from '../support/cli.ts'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } }

t.test('what `npm run versions` writes is up to date', async (t) => {
  for (const [file, content] of Object.entries(await renderVersions())) t.equal(read(file), content, file)
})

t.test('one version of Node: of the project, CI, the image and the image of the tests', async (t) => {
  t.equal(process.version, `v${devDependencies.node}`, 'the tests run on it')
  for (const file of ['application/Dockerfile', ...globSync('cli/test/**/Dockerfile', { cwd: root })]) {
    const [, image] = /^ARG BASE_IMAGE=(node:\S+)/m.exec(read(file)) ?? []
    // An app of one's own may be of another kind.
    if (image) t.match(image, new RegExp(`^node:${devDependencies.node}-bookworm-slim@sha256:[0-9a-f]{64}$`), file)
  }
  for (const workflow of globSync('.github/workflows/*.yml', { cwd: root })) {
    t.notMatch(read(workflow), /node-version:/, `${workflow} reads .nvmrc`)
  }
})

t.test('one version of Terraform', async (t) => {
  for (const workflow of globSync('.github/workflows/*.yml', { cwd: root })) {
    for (const [, version] of read(workflow).matchAll(/terraform_version: (\S+)/g)) t.equal(version, programs.terraform?.version, workflow)
  }
})

t.test('every pinned file is of its version and has a checksum; without any, it is built from its source', async (t) => {
  for (const [name, { version, releases, files, go }] of Object.entries<Pin>(programs)) {
    t.match(releases, version, name)
    if (Object.keys(files).length === 0) {
      t.ok(go, name)
      continue
    }
    t.same(Object.keys(files), ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'], name)
    for (const [, sha256] of Object.values(files)) t.match(sha256, /^[0-9a-f]{64}$/, name)
    t.equal(new Set(Object.values(files).flat()).size, 8, `${name}: no file or checksum stands twice`)
  }
})
