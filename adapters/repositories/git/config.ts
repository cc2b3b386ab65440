/** Bytes of one push, unpacked from what the client may have compressed; as much as an archive may have. */
const pushLimit = 1024 ** 3

/** What holds for every request, whatever stands in a repository's own configuration. */
export const configOptions = (hooks: string): string[] =>
  [
    `core.hooksPath=${hooks}`,
    'core.fsmonitor=false',
    'core.attributesFile=/dev/null',
    // A push that was acknowledged survives a power loss.
    'core.fsync=all',
    'http.receivepack=true',
    'http.uploadpack=true',
    // Smart HTTP only: no file of a repository is handed out by its name.
    'http.getanyfile=false',
    'transfer.fsckObjects=true',
    // Faults that old tools left in many a history, and that harm nobody.
    'receive.fsck.zeroPaddedFilemode=warn',
    'receive.fsck.missingSpaceBeforeDate=warn',
    'receive.fsck.badTimezone=warn',
    `receive.maxInputSize=${pushLimit}`,
    'receive.denyNonFastForwards=false',
    'receive.denyDeletes=false',
    'receive.denyDeleteCurrent=ignore',
    'receive.advertisePushOptions=false',
    // One pack per push; fifty of them are made one, while the pusher waits and not behind our back.
    'receive.unpackLimit=1',
    'receive.autogc=true',
    'gc.autoDetach=false',
    'maintenance.autoDetach=false',
  ].flatMap((option) => ['-c', option])
