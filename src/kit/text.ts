// Texts for people. A character outside the basic plane is two units of a string: no cut goes through it.

/** The first `units` units of a text; one fewer where that would leave half a character at the end. */
export function firstUnits(text: string, units: number): string {
  const last = text.charCodeAt(units - 1)
  const isHalf = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, isHalf ? units - 1 : units)
}
