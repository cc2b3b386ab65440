import type { Deployment, DeploymentEvent } from '../contract/deployment.ts'
import { applyEvent } from './deployment-fold.ts'
import type { Context } from './context.ts'
import { transitionLine } from './step-line.ts'
import { stepTree } from './step-tree.ts'

/** Shows how a deployment goes, on stderr. */
export interface Progress {
  event(event: DeploymentEvent): void
  /** A line that stays, outside of what is redrawn. */
  note(text: string): void
  /** The last drawing, with everything that is known at the end. */
  finish(deployment: Deployment): void
  /** Leaves what was drawn and stops drawing. */
  close(): void
}

/** Milliseconds between two drawings of the spinner. */
const frameEvery = 100

export const progressOf = (context: Context, deployment: Deployment): Progress =>
  context.live ? liveTree(context, deployment) : lines(context)

/** One line for each transition. */
function lines(context: Context): Progress {
  return {
    event: (event) => context.note(transitionLine(event)),
    note: (text) => context.note(text),
    finish: () => {},
    close: () => {},
  }
}

/** The tree of steps, redrawn in place. */
function liveTree(context: Context, deployment: Deployment): Progress {
  const output = process.stderr
  let current = deployment
  let drawn = 0
  let frame = 0
  const erase = () => {
    if (drawn > 0) output.write(`\u001b[${drawn}A\u001b[J`)
    drawn = 0
  }
  const draw = () => {
    const columns = output.columns || 80
    // One row is left for the cursor: a tree higher than the screen could not be erased.
    const rows = (output.rows || 24) - 1
    const tree = stepTree(current, { colors: context.colors, now: Date.now(), frame: frame++, columns })
    const shown = tree.slice(0, rows)
    erase()
    output.write(`${shown.join('\n')}\n`)
    drawn = shown.length
  }
  const timer = setInterval(draw, frameEvery)
  draw()
  return {
    event(event) {
      current = applyEvent(current, event)
      draw()
    },
    note(text) {
      erase()
      output.write(`${text}\n`)
      draw()
    },
    finish(ended) {
      current = ended
      draw()
      clearInterval(timer)
    },
    close: () => clearInterval(timer),
  }
}
