/** Whether text is like a pattern, in which `*` stands for any characters and `?` for one. @param fold in either case */
export function like(pattern: string, actual: string, fold: boolean): boolean {
  const expression = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  // eslint-disable-next-line security/detect-non-literal-regexp -- escaped above, and the pattern is the user's own
  return new RegExp(`^${expression}$`, fold ? 'is' : 's').test(actual)
}
