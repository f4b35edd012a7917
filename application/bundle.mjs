// @ts-check
// Makes dist/, all that the image gets: src/ bundled into one file a program, and what package.json says cannot be bundled:
// "external" names packages with native code or with files of their own, "files" names files and folders that src/ reads.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** @typedef {{ external?: string[], files?: string[], dependencies?: Record<string, string> }} Manifest */

const [out = 'dist'] = process.argv.slice(2)
const { external = [], files = [], ...manifest } = /** @type {Manifest} */ (JSON.parse(readFileSync('package.json', 'utf8')))

rmSync(out, { recursive: true, force: true })
await build({
  entryPoints: ['src/server.ts', 'src/healthcheck.ts'],
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  external,
  // For packages that still call require.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
})
for (const path of files) cpSync(path, join(out, path), { recursive: true })
if (external.length > 0) install(external)

/**
 * Installs packages in the versions of package-lock.json, for the image's system and not for this machine's.
 * @param {string[]} names
 */
function install(names) {
  const dependencies = Object.fromEntries(names.map((name) => [name, manifest.dependencies?.[name]]))
  writeFileSync(join(out, 'package.json'), JSON.stringify({ ...manifest, scripts: {}, devDependencies: {}, dependencies }))
  cpSync('package-lock.json', join(out, 'package-lock.json'))
  const [os = 'linux', cpu = process.arch] = process.env.TARGETPLATFORM?.replace('amd64', 'x64').split('/') ?? []
  const flags = ['--omit=dev', '--no-bin-links', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', `--os=${os}`, `--cpu=${cpu}`, '--libc=glibc', ...flags], { cwd: out, stdio: ['ignore', 'ignore', 'inherit'] })
}
