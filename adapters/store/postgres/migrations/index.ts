import type { Migration } from 'kysely/migration'
import { up as first } from './0001-first.ts'
import { up as migrationAnswers } from './0002-migration-answers.ts'
import { up as archiveUrls } from './0010-archive-urls.ts'
import { up as pushes } from './0011-pushes.ts'
import { up as webhooks } from './0013-webhooks.ts'
import { up as tokensAuditNotifications } from './0014-tokens-audit-notifications.ts'
import { up as schedulesAndHistory } from './0015-schedules-and-history.ts'
import { up as serviceVariables } from './0020-service-variables.ts'
import { up as previews } from './0021-previews.ts'
import { up as processes } from './0022-processes.ts'
import { up as runs } from './0023-runs.ts'
import { up as signInLinks } from './0024-sign-in-links.ts'
import { up as deploymentsOfAServiceByStatus } from './0025-deployments-of-a-service-by-status.ts'
import { up as nextAttempts } from './0026-next-attempts.ts'
import { up as approvalAnswers } from './0027-approval-answers.ts'

/** Forward only: a migration that was released is never changed, a mistake is corrected by the next one. */
export const migrations: Record<string, Migration> = {
  '0001-first': { up: first },
  '0002-migration-answers': { up: migrationAnswers },
  '0010-archive-urls': { up: archiveUrls },
  '0011-pushes': { up: pushes },
  '0013-webhooks': { up: webhooks },
  '0014-tokens-audit-notifications': { up: tokensAuditNotifications },
  '0015-schedules-and-history': { up: schedulesAndHistory },
  '0020-service-variables': { up: serviceVariables },
  '0021-previews': { up: previews },
  '0022-processes': { up: processes },
  '0023-runs': { up: runs },
  '0024-sign-in-links': { up: signInLinks },
  '0025-deployments-of-a-service-by-status': { up: deploymentsOfAServiceByStatus },
  '0026-next-attempts': { up: nextAttempts },
  '0027-approval-answers': { up: approvalAnswers },
}
