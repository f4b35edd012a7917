/** What stands for a sign in a terminal that knows no Unicode; those of a view are as wide as what they stand for. */
const stands: Record<string, string> = { '✔': '+', '✖': 'x', '●': '*', '○': 'o', '…': '~', '·': '-', '→': '->', '±': '+/-', '│': '|', '╷': '|', '╵': '|', '“': '"', '”': '"' }

/**
 * Whether what is printed may be more than ASCII: not in the locale C, nor on a terminal that can do next to nothing.
 * https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html (LC_ALL before LC_CTYPE before LANG)
 */
export function knowsUnicode({ TERM, LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv = process.env): boolean {
  if (TERM === 'dumb' || TERM === 'linux') return false
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return !['C', 'POSIX'].includes(locale)
}

/** The same text with other characters for the signs that such a terminal cannot show. */
export function toAscii(text: string): string {
  return text.replaceAll(/[✔✖●○…·→±│╷╵“”]/g, (sign) => stands[sign] ?? sign)
}
