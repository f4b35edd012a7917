// Writes the tables of variables and outputs into infrastructure/README.md: npm run reference
import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from '@cdktn/hcl2json'

const infrastructure = new URL('../infrastructure/', import.meta.url)

export const readmeFile = new URL('README.md', infrastructure)

type Block = { description: string; type?: string; default?: unknown }

/** @returns the README's text with every table as variables.tf and outputs.tf are now */
export async function renderInfrastructureReadme(): Promise<string> {
  let readme = readFileSync(readmeFile, 'utf8')
  for (const [mark, folder] of [['infrastructure', '.'], ['bootstrap', 'bootstrap']] as const) {
    const variables = await readBlocks(folder, 'variable')
    const outputs = await readBlocks(folder, 'output')
    readme = replaceBetween(readme, `${mark}-variables`, renderVariables(variables))
    readme = replaceBetween(readme, `${mark}-outputs`, renderOutputs(outputs))
  }
  return readme
}

async function readBlocks(folder: string, kind: 'variable' | 'output'): Promise<[string, Block][]> {
  const name = `${kind}s.tf`
  const text = readFileSync(new URL(`${folder}/${name}`, infrastructure), 'utf8')
  const { [kind]: blocks } = (await parse(name, text)) as Record<string, Record<string, [Block]>>
  // In the order of the file, which hcl2json does not keep.
  const position = ([label]: [string, unknown]) => text.indexOf(`${kind} "${label}"`)
  return Object.entries(blocks ?? {}).map(([label, [block]]): [string, Block] => [label, block]).sort((a, b) => position(a) - position(b))
}

function renderVariables(variables: [string, Block][]): string {
  const rows = variables.map(([name, { type, default: value, description }]) => {
    const { text, cost } = splitCost(description)
    return row(`\`${name}\``, `\`${shortType(type)}\``, value === undefined ? 'required' : `\`${JSON.stringify(value)}\``, text, cost)
  })
  return [row('variable', 'type', 'default', 'what it sets', 'cost'), row('---', '---', '---', '---', '---'), ...rows].join('\n')
}

function renderOutputs(outputs: [string, Block][]): string {
  const rows = outputs.map(([name, { description }]) => row(`\`${name}\``, description))
  return [row('output', 'what it is'), row('---', '---'), ...rows].join('\n')
}

/** A description's sentences about money are its cost. A dot ends a sentence where a space and a capital follow. */
function splitCost(description: string): { text: string; cost: string } {
  const sentences = description.split(/(?<=\.) (?=[A-Z0-9`])/)
  const priced = (sentence: string) => /\bUSD\b|\bcosts\b|^Free\b/.test(sentence)
  return { text: sentences.filter((sentence) => !priced(sentence)).join(' '), cost: sentences.filter(priced).join(' ') }
}

/** `${map(object({…}))}` is named by its outside: variables.tf has the rest. */
function shortType(type = 'any'): string {
  return type.replace(/^\$\{|\}$/g, '').replace(/object\([^]*\)/, 'object').replace(/^(map|list|set)\(object$/, '$1(object)')
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function replaceBetween(readme: string, mark: string, table: string): string {
  const place = new RegExp(`(?<=<!-- ${mark}:begin -->\n)[^]*?(?=<!-- ${mark}:end -->)`)
  if (!place.test(readme)) throw new Error(`infrastructure/README.md has no place for ${mark}.`)
  return readme.replace(place, () => `\n${table}\n\n`)
}

if (import.meta.main) writeFileSync(readmeFile, await renderInfrastructureReadme())
