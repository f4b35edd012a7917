import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { start } from './support/server.ts'

const application = fileURLToPath(new URL('..', import.meta.url))
const native = { name: '@node-rs/crc32', version: '1.10.8' }
const routes = `
  app.get('/crc32', (c) => c.text(crc32('hello').toString(16)))
  app.get('/note', async (c) => c.text(await readFile('notes/hello.txt', 'utf8')))
`

t.test('a package of native code, and a file that is read, come into dist/', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'webapp-native-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(application, folder, { recursive: true, filter: (path) => !/node_modules|dist$|\.tap/.test(path) })
  const change = (file: string, edit: (text: string) => string) => writeFileSync(join(folder, file), edit(readFileSync(join(folder, file), 'utf8')))
  change('package.json', (text) => {
    const manifest = JSON.parse(text) as { dependencies: object }
    return JSON.stringify({ ...manifest, external: [native.name], files: ['notes'], dependencies: { ...manifest.dependencies, [native.name]: native.version } })
  })
  change('src/app.ts', (text) => `import { crc32 } from '${native.name}'\nimport { readFile } from 'node:fs/promises'\n${text.replace('  // Add your routes here.\n', routes)}`)
  mkdirSync(join(folder, 'notes'))
  writeFileSync(join(folder, 'notes', 'hello.txt'), 'from a file')
  execFileSync('npm', ['install', '--package-lock-only', '--prefer-offline', '--no-audit'], { cwd: folder, stdio: 'pipe' })
  // What the bundler itself needs is installed already; the native package is not, and must not be found beside src/.
  symlinkSync(join(application, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['bundle.mjs'], { cwd: folder, env: { ...process.env, TARGETPLATFORM: `linux/${process.arch}` } })
  rmSync(join(folder, 'node_modules'))

  t.match(readdirSync(join(folder, 'dist', 'node_modules')), ['.package-lock.json', '@node-rs'], 'and nothing that is bundled')
  const server = await start(join(folder, 'dist'))
  t.equal(await (await fetch(`${server.url}/crc32`)).text(), '3610a686')
  t.equal(await (await fetch(`${server.url}/note`)).text(), 'from a file')
  server.child.kill('SIGKILL')
})
