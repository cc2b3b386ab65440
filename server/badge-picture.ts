import { html } from 'hono/html'
import { shortCommit } from '../contract/archive-ref.ts'
import type { Deployment } from '../contract/deployment.ts'
import type { DeploymentStatus } from '../contract/vocabulary.ts'
import type { EnvironmentRow } from '../ports/store.ts'

/** What never came to anything says nothing of how things stand. */
const silent: readonly DeploymentStatus[] = ['QUEUED', 'CANCELED', 'SUPERSEDED']

/** @param deployments newest first */
export function badgeWords(
  { serviceId, environment, live }: Pick<EnvironmentRow, 'serviceId' | 'environment' | 'live'>,
  deployments: readonly Pick<Deployment, 'status'>[],
): { label: string; word: string; colour: string } {
  const label = environment === 'production' ? serviceId : `${serviceId} ${environment}`
  const newest = deployments.find(({ status }) => !silent.includes(status))
  if (newest?.status === 'FAILED') return { label, word: 'failed', colour: '#b3261e' }
  if (newest && newest.status !== 'SUCCEEDED') return { label, word: 'deploying', colour: '#2457c5' }
  if (!live) return { label, word: 'not deployed', colour: '#59626e' }
  const commit = live.commitSha ? ` ${shortCommit(live.commitSha, 7)}` : ''
  return { label, word: `live${commit}`, colour: '#14713c' }
}

/** Pixels of a letter of 11 px, with which the text is made to fit. */
const letter = 6.6
const padding = 6
const height = 20

/** The picture; everything in it is text. */
export async function badgePicture({ label, word, colour }: ReturnType<typeof badgeWords>): Promise<string> {
  const [left, right] = [label, word].map((text) => Math.ceil(text.length * letter) + 2 * padding) as [
    number,
    number,
  ]
  const width = left + right
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="${label}: ${word}"
  >
    <title>${label}: ${word}</title>
    <clipPath id="r"><rect width="${width}" height="${height}" rx="4" /></clipPath>
    <g clip-path="url(#r)">
      <rect width="${left}" height="${height}" fill="#333a44" />
      <rect x="${left}" width="${right}" height="${height}" fill="${colour}" />
    </g>
    <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
      <text x="${padding}" y="14" textLength="${left - 2 * padding}">${label}</text>
      <text x="${left + padding}" y="14" textLength="${right - 2 * padding}">${word}</text>
    </g>
  </svg>`
}
