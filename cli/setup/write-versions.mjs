// @ts-check
// Writes what other tools read of the pinned versions: `npm run versions` after a change of package.json or versions.mjs.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { programs } from './versions.mjs'

/** @returns {Promise<Record<string, string>>} every file and its content */
export async function renderVersions() {
  const parse = /** @type {(text: string) => { devDependencies: { node: string } }} */ (JSON.parse)
  const { devDependencies } = parse(await readFile(path('package.json'), 'utf8'))
  const lines = Object.entries(programs).map(([name, { version }]) => `${name} = "${version}"`)
  return {
    '.nvmrc': `${devDependencies.node}\n`,
    'mise.toml': `# Written by \`npm run versions\`. What runs on Python, \`npm run setup\` installs.\n[tools]\nnode = "${devDependencies.node}"\n${lines.join('\n')}\n`,
  }
}

/** @param {string} file */
const path = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

if (import.meta.filename === process.argv[1]) {
  for (const [file, content] of Object.entries(await renderVersions())) await writeFile(path(file), content)
}
