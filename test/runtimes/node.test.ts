// edgeclaw on Node: the built file, as a user runs it.

import { describe } from 'vitest'
import { processSuite } from '../suites/process-suite.ts'

describe('node dist/node.js', () => processSuite('node'))
