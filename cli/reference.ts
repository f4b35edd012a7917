// Writes every command's help into the reference chapter of the README: npm run reference
import { readFileSync, writeFileSync } from 'node:fs'
import { helpTexts } from './src/program.ts'

const file = new URL('../README.md', import.meta.url)
const readme = readFileSync(file, 'utf8')
const chapter = /(?<=<!-- reference:begin[^>]*-->\n)[^]*(?=<!-- reference:end -->)/

writeFileSync(file, readme.replace(chapter, () => renderReference()))

/** The texts as they are printed, a code block for each command; the global options stand once. */
function renderReference(): string {
  const { '': _program, ...commands } = helpTexts()
  return Object.values(commands).map((text) => `\`\`\`text\n${text.trim()}\n\`\`\`\n`).join('\n')
}
