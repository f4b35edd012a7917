// Every row of the README's tables names tests that exist.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
const [, tables = ''] = read('../README.md').split('## What it does as AWS does')
const rows = tables
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (Behaviour|---)/.test(line))

t.ok(rows.length > 30, 'the table was read')
for (const row of rows) {
  const cells = row.split('|').map((cell) => cell.trim())
  const [, file = 'none', names = ''] = /^([\w/-]+\.test\.ts): (.+)$/.exec(cells[4] ?? '') ?? []
  const titles = [...read(`./${file}`).matchAll(/^t\.test\('(.+?)', /gm)].map(([, title = '']) => title)
  const missing = names.split('; ').filter((name) => !titles.some((title) => title.startsWith(name)))
  t.same(missing, [], `${cells[1]}: ${cells[4]}`)
}
