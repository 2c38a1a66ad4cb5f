# The JupyterLab that `make lab` opens.
c = get_config()  # noqa: F821

# The project's kernel alone, so that a new notebook cannot start with another.
c.KernelSpecManager.allowed_kernelspecs = {"flow"}
c.KernelSpecManager.ensure_native_kernel = False
c.MultiKernelManager.default_kernel_name = "flow"

# Nothing is asked of the network, and one Ctrl-C is enough.
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
c.LabApp.extension_manager = "readonly"
c.ServerApp.answer_yes = True

# Completion comes from the kernel; other language servers are not looked for.
c.LanguageServerManager.autodetect = False
