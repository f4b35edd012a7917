import pico from 'picocolors'

export type Colors = ReturnType<typeof pico.createColors>

/** Colours for one stream: none when NO_COLOR is set (https://no-color.org), asked for, or the stream is no terminal. */
export function colorsFor(stream: { isTTY?: boolean }, allowed: boolean): Colors {
  const noColor = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== ''
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0'
  return pico.createColors(allowed && !noColor && (forced || stream.isTTY === true))
}
