export const room = {
  room: "Practice",
  skip: "Skip to content",
  desk: "Desk",
  noRole: "Your role does not include this. Ask a manager of the practice.",
  more: "Show more",
  refresh: "Refresh",
  download: "Download CSV",
  downloadFailures: "Download failures as CSV",
  groupPatients: "Patients",
  groupSchedule: "Schedule",
  groupPractice: "Practice",
  groupPrograms: "Programs",
} as const;
