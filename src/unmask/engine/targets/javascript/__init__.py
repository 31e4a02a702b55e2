"""The same equations in a browser: a model becomes one ES module that depends on nothing."""

from unmask.engine.targets.javascript.module import JavaScriptModule, javascript_module

__all__ = ["JavaScriptModule", "javascript_module"]
