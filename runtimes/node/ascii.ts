// One sign beyond Latin-1 makes V8 keep the text of a whole file in two bytes for each of its signs.

import type { Plugin } from 'rolldown'

/** Writes what is built in ASCII. In texts, templates and patterns an escape is what it stands for; nowhere else are such signs. */
export const inAscii: Plugin = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = toAscii(file.code)
    }
  },
}

// eslint-disable-next-line no-control-regex
export const toAscii = (code: string): string => code.replace(/[^\u0000-\u007f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
