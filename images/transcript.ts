export type Theme = { ink: string; line: string; paper: string; accent: string; soft: string; good: string }

const character = { width: 7.83, height: 19 }
const padding = 20

/** What a terminal showed, as an SVG: the command after `$` in bold, check marks green, times and hints faint. */
export function drawTranscript(text: string, theme: Theme): string {
  const lines = text.trimEnd().split('\n')
  const width = Math.ceil(Math.max(...lines.map(({ length }) => length)) * character.width + 2 * padding)
  const height = lines.length * character.height + 2 * padding
  const rows = lines.map((line, index) => {
    const y = padding + (index + 0.75) * character.height
    return `<text x="${padding}" y="${y}" xml:space="preserve">${paint(line, theme)}</text>`
  })
  const font = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13"'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<rect width="100%" height="100%" rx="8" fill="${theme.soft}" stroke="${theme.line}" stroke-opacity="0.4"/>`,
    `<g ${font} fill="${theme.ink}">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function paint(line: string, { line: faint, good }: Theme): string {
  const [, mark = '', said = line, time = ''] = /^([✔●]) (.*?)( [\d.]+ s| \d+ min \d+ s)?$/u.exec(line) ?? []
  const span = (colour: string, text: string) => (text ? `<tspan fill="${colour}">${escape(text)}</tspan>` : '')
  if (line.startsWith('$')) return `<tspan font-weight="bold">${escape(line)}</tspan>`
  const [, label = '', value = said] = /^( {2}[a-z]+ +)(\S.*)$/.exec(said) ?? []
  return span(good, mark && `${mark} `) + span(faint, label) + escape(value) + span(faint, time)
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
