// Bundles the CLI into cli/dist: one small entry that `--help` needs, and chunks that are loaded when a command runs.
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { helpTexts, version } from './src/program.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

await rm(here('dist'), { recursive: true, force: true })
await build({
  entryPoints: { main: here('src/main.ts'), 'rehearsal-daemon': here('src/rehearsal/daemon.ts') },
  outdir: here('dist'),
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
})

// `--help` and `--version` are answered before anything is loaded.
await writeFile(here('dist/help.json'), JSON.stringify({ version, texts: helpTexts() }))
