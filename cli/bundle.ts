// Bundles both programs, each into its dist/: small entries, and chunks that are loaded when a command runs.
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import { helpTexts, version } from './src/program.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const options = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  chunkNames: 'chunks/[name]-[hash]',
  // It loads a .wasm file that lies beside it.
  external: ['web-tree-sitter'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} satisfies BuildOptions

await bundle('.', { main: 'src/main.ts' })
await bundle('embedded-aws', { main: 'src/main.ts', daemon: 'src/daemon/daemon.ts' })

async function bundle(folder: string, entries: Record<string, string>): Promise<void> {
  const outdir = here(`${folder}/dist`)
  await rm(outdir, { recursive: true, force: true })
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, here(`${folder}/${file}`)]))
  await build({ ...options, entryPoints, outdir })
}

// `--help` and `--version` are answered before anything is loaded.
await writeFile(here('dist/help.json'), JSON.stringify({ version, texts: helpTexts() }))
