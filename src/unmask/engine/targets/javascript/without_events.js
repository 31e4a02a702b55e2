// ---- Events: this model has none ----------------------------------------------------------------------------------

function beginEvents() {}
function nextDue() {
  return Infinity;
}
function watch() {
  return 0;
}
function settle() {
  return OK;
}
