// Writes every command's help into the reference chapter of the README, and the receipts' JSON Schema: npm run reference
import { readFileSync, writeFileSync } from 'node:fs'
import { helpTexts } from './src/program.ts'
import { renderReceiptSchema } from './src/rollout/receipt/receipt.ts'

const file = new URL('../README.md', import.meta.url)
const readme = readFileSync(file, 'utf8')
const chapter = /(?<=<!-- reference:begin[^>]*-->\n)[^]*(?=<!-- reference:end -->)/

writeFileSync(new URL('src/rollout/receipt/receipt.schema.json', import.meta.url), renderReceiptSchema())
writeFileSync(file, readme.replace(chapter, () => renderReference()))

/** The texts as they are printed, a code block for each command; the global options stand once. */
function renderReference(): string {
  const { '': _program, ...commands } = helpTexts()
  return Object.values(commands).map((text) => `\`\`\`text\n${text.trim()}\n\`\`\`\n`).join('\n')
}
